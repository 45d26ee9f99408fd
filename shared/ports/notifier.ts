import type { AccountId, LogPosition } from '../ids.ts';

/** Best-effort news that an account's log has grown. Nothing correct may depend on one arriving. */
export interface Notifier {
  announce(account: AccountId, position: LogPosition): void;
  /** Calls `listener` for announcements of this account, own ones included; the returned function ends it. */
  watch(account: AccountId, listener: (position: LogPosition) => void): () => void;
}
