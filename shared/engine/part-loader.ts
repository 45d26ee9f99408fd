import type { MailboxId } from '../ids.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Departure } from './mailbox.ts';
import {
  anyMailbox,
  loadHistory,
  loadRows,
  withMailbox,
  withStoredHistory,
  withStoredRows,
} from './mailbox-loader.ts';
import type { Chunk } from './rows.ts';
import type { AccountState } from './state.ts';
import type { StoredHistory, StoredRows } from './stored-rows.ts';

/** Whose newest state gets what was loaded. */
interface Holder {
  readonly state: AccountState;
  /** Takes a state that says the same, with more of it loaded. */
  loaded(state: AccountState): void;
}

/** Makes rows and history that lie in a snapshot part of the newest state; other sessions and later versions share them. */
export class PartLoader {
  readonly #blobs: BlobStore;
  readonly #holder: Holder;
  /** Mailboxes whose rows somebody asked for. */
  readonly #opened = new Set<MailboxId>();
  readonly #loading = new Map<object, Promise<unknown>>();

  constructor(blobs: BlobStore, holder: Holder) {
    this.#blobs = blobs;
    this.#holder = holder;
  }

  async load(mailbox: MailboxId, part: 'rows' | 'history'): Promise<void> {
    if (part === 'rows') this.#opened.add(mailbox);
    for (;;) {
      const { state } = this.#holder;
      const stored = anyMailbox(state, mailbox)?.[part].stored;
      if (stored === undefined) return;
      const loaded = await this.#once(stored, async () =>
        part === 'rows'
          ? loadRows(this.#blobs, stored as StoredRows, state.flags)
          : loadHistory(this.#blobs, stored as StoredHistory, state.flags),
      );
      // The state went on meanwhile: to one with other sections behind it, perhaps, or with these in it.
      const now = anyMailbox(this.#holder.state, mailbox);
      if (now?.[part].stored !== stored) continue;
      const whole =
        part === 'rows'
          ? withStoredRows(now, loaded as readonly Chunk[])
          : withStoredHistory(now, loaded as readonly Departure[]);
      this.#holder.loaded(withMailbox(this.#holder.state, whole));
    }
  }

  /** Several who want the same read it once. */
  #once(what: object, read: () => Promise<unknown>): Promise<unknown> {
    let reading = this.#loading.get(what);
    if (reading === undefined) {
      reading = read().finally(() => this.#loading.delete(what));
      this.#loading.set(what, reading);
    }
    return reading;
  }

  /** A state that takes the holder's place, with the rows of mailboxes that somebody opened; those it has already are used. */
  async withOpened(next: AccountState): Promise<AccountState> {
    let state = next;
    for (const id of this.#opened) {
      const mailbox = anyMailbox(state, id);
      if (mailbox?.rows.stored === undefined) continue;
      const known = anyMailbox(this.#holder.state, id);
      const same = known?.rows.stored === undefined && known?.highestModSeq === mailbox.highestModSeq;
      const chunks = same ? known.rows.chunks : await loadRows(this.#blobs, mailbox.rows.stored, state.flags);
      state = withMailbox(state, withStoredRows(mailbox, chunks));
    }
    return state;
  }
}
