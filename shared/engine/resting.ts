import type { Mailbox } from './mailbox.ts';
import { type Chunk, chunkBytes, restChunk } from './rows.ts';
import type { AccountState } from './state.ts';

/** What an open account takes beside what is counted: its objects, and where its messages' records are. */
const ownBytes = 16 * 1024;

function* mailboxesOf({ mailboxes, removedMailboxes }: AccountState): Generator<Mailbox> {
  yield* mailboxes;
  for (const { mailbox } of removedMailboxes) yield mailbox;
}

function* chunksOf(mailbox: Mailbox): Generator<readonly Chunk[]> {
  yield mailbox.rows.chunks;
  for (const departure of mailbox.history.departures) yield departure.rows;
}

/** Packs what a state holds, for an account that nobody looks at: what is asked for unpacks by itself. */
export function restState(state: AccountState): void {
  for (const mailbox of mailboxesOf(state))
    for (const chunks of chunksOf(mailbox)) for (const chunk of chunks) restChunk(chunk);
  state.deliveries.rest();
}

/** About how many bytes of memory a state takes. */
export function stateBytes(state: AccountState): number {
  let bytes = ownBytes + state.deliveries.bytes;
  for (const mailbox of mailboxesOf(state)) {
    bytes += 512;
    for (const chunks of chunksOf(mailbox)) bytes += chunkBytes(chunks) + 256 * chunks.length;
  }
  return bytes;
}

/** Whether somebody uses an account, and what of it was packed since. */
export class AccountUse {
  /** When somebody last asked something of it, ms. */
  at: number;
  /** The state that was packed, unless somebody looked at it since. */
  #rested: AccountState | undefined;

  constructor(now: number) {
    this.at = now;
  }

  touch(now: number): void {
    this.at = now;
    this.#rested = undefined;
  }

  rest(state: AccountState): void {
    if (this.#rested === state) return;
    restState(state);
    this.#rested = state;
  }
}
