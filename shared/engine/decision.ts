import type { BlobKey } from '../ids.ts';
import type { Result } from '../result.ts';
import type { MailError } from './mail-error.ts';
import type { Effect, Operation } from './operation.ts';
import type { AccountState } from './state.ts';

/** What became of a decision once the entry that holds it is in the log. */
export interface Committed {
  /** The account after the whole entry, other sessions' operations in it included. */
  readonly state: AccountState;
  /** Of the decision's own operations, in their order. */
  readonly effects: readonly Effect[];
}

export interface Decided<T> {
  /** May be empty: then nothing is written, and the answer is about the state as it is. */
  readonly operations: readonly Operation[];
  /** Blobs that the operations name, put within the last day. */
  readonly blobs?: readonly BlobKey[];
  readonly answer: (committed: Committed) => T;
}

/**
 * What a session wants, as a pure function of the account: called again with a newer state whenever another writer was first,
 * so that it never acts on what is no longer true. `now`: seconds since 1970.
 */
export type Decide<T> = (state: AccountState, now: number) => Result<Decided<T>, MailError>;
