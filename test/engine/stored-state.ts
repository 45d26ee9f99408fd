import { applyOperations } from '../../shared/engine/apply.ts';
import type { Entry } from '../../shared/engine/entry.ts';
import {
  anyMailbox,
  loadHistory,
  loadRows,
  loadWhole,
  withMailbox,
  withStoredHistory,
  withStoredRows,
} from '../../shared/engine/mailbox-loader.ts';
import { encodeManifest, type Manifest } from '../../shared/engine/snapshot.ts';
import { loadSnapshot, type Snapshot } from '../../shared/engine/snapshot-loader.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import { storeIndex } from '../../shared/engine/store-index.ts';
import { RowsNeeded } from '../../shared/engine/stored-rows.ts';
import { type AccountId, newAccountId, objectKey, systemEntropy } from '../../shared/ids.ts';
import { MemoryBlobs } from '../support/memory-store.ts';

/** Stores states as a compactor does, one upon the other, without a log. */
export class StateStore {
  readonly blobs = new MemoryBlobs();
  readonly account: AccountId = newAccountId(systemEntropy);
  snapshot: Snapshot | undefined;
  /** The last one as its writer has it. */
  inHand: Manifest | undefined;

  /** Stores a state on top of the one stored last: what a reader of it gets, nothing loaded. */
  async store(state: AccountState): Promise<AccountState> {
    const parts = { blobs: this.blobs, entropy: systemEntropy, giveUp: new AbortController().signal };
    const { stored, objects } = await storeIndex(this.account, state, this.snapshot, parts);
    this.inHand = {
      state: stored,
      objects,
      messages: { count: 0, segments: [], texts: [], clusters: [] },
      pastHeads: [],
      replaced: [],
    };
    const bytes = await encodeManifest(this.inHand);
    const key = objectKey(this.account, 'x', systemEntropy);
    await this.blobs.put(key, bytes);
    this.snapshot = await loadSnapshot(this.blobs, key);
    return this.snapshot.state;
  }

  whole(state: AccountState): Promise<AccountState> {
    return loadWhole(this.blobs, state);
  }

  /** Applies entries; what they need of mailboxes that are not loaded is loaded, and no more. */
  async replay(entries: readonly Entry[], from: AccountState): Promise<AccountState> {
    let state = from;
    for (const entry of entries) {
      for (;;) {
        try {
          state = applyOperations(state, entry, entry.operations).state;
          break;
        } catch (cause) {
          if (!(cause instanceof RowsNeeded)) throw cause;
          state = await this.#load(state, cause);
        }
      }
    }
    return state;
  }

  async #load(state: AccountState, { mailbox: id, part }: RowsNeeded): Promise<AccountState> {
    const mailbox = anyMailbox(state, id)!;
    const { rows, history } = mailbox;
    return withMailbox(
      state,
      part === 'rows'
        ? withStoredRows(mailbox, await loadRows(this.blobs, rows.stored!, state.flags))
        : withStoredHistory(mailbox, await loadHistory(this.blobs, history.stored!, state.flags)),
    );
  }
}
