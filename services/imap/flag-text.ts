import type { FlagSet, FlagTable } from '../../shared/engine/flag-table.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
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
  /** Nothing where \Recent is not shown (RFC 9051 has none). */
  readonly #recent: UidSet;
  readonly #firstRecent: number;
  /** By flags id: quicker than any map. */
  readonly #plain: (Uint8Array | undefined)[] = [];

  constructor(table: FlagTable, recent: UidSet) {
    this.#table = table;
    this.#recent = recent;
    this.#firstRecent = recent.first ?? Number.POSITIVE_INFINITY;
  }

  static for(client: Client, selected: Selected, table: FlagTable): FlagTexts {
    return new FlagTexts(table, client.enabled.rev2 ? UidSet.empty : selected.recent);
  }

  /** Whether any of these UIDs may be shown as \Recent. */
  isRecentAmong(first: number, last: number): boolean {
    return last >= this.#firstRecent && this.#recent.bounds[this.#recent.rangeAt(first)]! <= last;
  }

  of(flagsId: number, uid: number): Uint8Array {
    if (uid >= this.#firstRecent && this.#recent.has(uid)) return flagText(this.#table.set(flagsId), true);
    return (this.#plain[flagsId] ??= flagText(this.#table.set(flagsId), false));
  }
}
