import type { FlagSet, FlagTable } from '../../shared/engine/flag-table.ts';
import { encodeFlags } from '../../shared/imap/responses/status.ts';
import type { Client, Selected } from './session-state.ts';

const plain = new WeakMap<FlagSet, Uint8Array>();
const recent = new WeakMap<FlagSet, Uint8Array>();

/** A flag set as FETCH sends it, with \Recent or without. Made once for all sessions. */
export function flagText(set: FlagSet, isRecent: boolean): Uint8Array {
  const made = isRecent ? recent : plain;
  let text = made.get(set);
  if (text === undefined)
    made.set(set, (text = encodeFlags(isRecent ? [...set.flags, '\\Recent'] : set.flags)));
  return text;
}

/** The flag texts of a mailbox's messages as one session sees them. */
export class FlagTexts {
  readonly #table: FlagTable;
  /** The lowest UID that is \Recent; infinite where that flag is not shown (RFC 9051 has none). */
  readonly recentFrom: number;
  /** By flags id: quicker than any map. */
  readonly #plain: (Uint8Array | undefined)[] = [];

  constructor(table: FlagTable, recentFrom: number) {
    this.#table = table;
    this.recentFrom = recentFrom;
  }

  static for(client: Client, selected: Selected, table: FlagTable): FlagTexts {
    return new FlagTexts(table, client.enabled.rev2 ? Number.POSITIVE_INFINITY : selected.recentFrom);
  }

  of(flagsId: number, uid: number): Uint8Array {
    if (uid >= this.recentFrom) return flagText(this.#table.set(flagsId), true);
    return (this.#plain[flagsId] ??= flagText(this.#table.set(flagsId), false));
  }
}
