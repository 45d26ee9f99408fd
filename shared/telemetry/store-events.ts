/** What is logged of accounts, of mail on its way, and of the store. See events.ts for what may never be in an event. */

export type ForwardEvent =
  /** Taken into the outbox. `report`: it goes back to a sender, and `account` is the outbox. */
  | {
      readonly event: 'forward.queued';
      readonly account: string;
      readonly recipients: number;
      readonly report: boolean;
    }
  /** Not sent on: it came back, the account's mail waits in too great a number, or it is spam. */
  | {
      readonly event: 'forward.kept';
      readonly account: string;
      readonly reason: 'loop' | 'full' | 'spam' | 'noReport';
    }
  /** An attempt; `waited` ms since it was taken. 'deferred' ones are tried again. */
  | {
      readonly event: 'forward.sent';
      readonly account: string | undefined;
      readonly outcome: 'sent' | 'deferred' | 'failed';
      readonly code: string | undefined;
      readonly waited: number;
    }
  /** What became of a message that could not be sent: the sender is told, the account has it, or it was a report that nobody can be told of. */
  | {
      readonly event: 'forward.failed';
      readonly account: string | undefined;
      readonly end: 'reported' | 'returned' | 'kept' | 'dropped';
    }
  /** The outbox cannot be worked on now. */
  | { readonly event: 'forward.fault' };

/** A change asked for through the admin API; who it was about stands in the audit entries. */
export type AdminEvent =
  | {
      readonly event: 'admin.change';
      readonly operation: string;
      /** The API key's id. */
      readonly key: string;
      readonly outcome: 'done' | 'refused' | 'failed';
      readonly status: number;
    }
  /** Whether the first key was replaced could not be seen: it goes on meanwhile. */
  | { readonly event: 'admin.keyUnread' };

export type AccountEvent =
  | { readonly event: 'account.added'; readonly account: string }
  | { readonly event: 'account.removed'; readonly account: string }
  | {
      readonly event: 'account.opened';
      readonly account: string;
      readonly position: number;
      readonly entries: number;
      readonly ms: number;
    }
  | {
      readonly event: 'account.compacted';
      readonly account: string;
      readonly position: number;
      readonly entries: number;
      readonly objects: number;
      readonly bytes: number;
      readonly ms: number;
    }
  | { readonly event: 'account.compactionFailed'; readonly account: string }
  /** A snapshot object was gone or did not verify; the account was read again from its head. */
  | { readonly event: 'account.reloaded'; readonly account: string; readonly reason: string }
  /** A client was answered 'try again later'. */
  | { readonly event: 'account.unavailable' }
  /** An append whose answer was lost and has not been settled yet. */
  | { readonly event: 'account.unsettled'; readonly account: string; readonly position: number }
  /** A log entry of rules that this release does not know: the node must not guess. */
  | { readonly event: 'account.newerRules'; readonly account: string; readonly rules: number };

export type StoreEvent =
  | { readonly event: 'store.opened'; readonly store: string; readonly ms: number }
  | { readonly event: 'store.closed'; readonly store: string }
  | { readonly event: 'store.slow'; readonly store: string; readonly operation: string; readonly ms: number }
  | { readonly event: 'store.fault'; readonly store: string; readonly operation: string }
  | {
      readonly event: 'store.swept';
      readonly store: string;
      readonly objects: number;
      readonly bytes: number;
    };

export type MaintenanceEvent =
  /** A pass over all accounts, in sums; see services/maintenance/pass.ts. */
  | {
      readonly event: 'maintenance.pass';
      readonly outcome: 'done' | 'stopped';
      readonly accounts: number;
      readonly noticed: number;
      readonly cleared: number;
      readonly purged: number;
      readonly compacted: number;
      readonly trimmed: number;
      readonly swept: number;
      readonly bytes: number;
      readonly removed: number;
      readonly failures: number;
      readonly ms: number;
    }
  | {
      readonly event: 'maintenance.account';
      readonly account: string;
      readonly noticed: boolean;
      readonly cleared: number;
      readonly purged: number;
      readonly compacted: boolean;
      readonly trimmed: boolean;
      readonly swept: number;
      readonly bytes: number;
    }
  | {
      readonly event: 'maintenance.removed';
      readonly account: string;
      readonly swept: number;
      readonly bytes: number;
    }
  | {
      readonly event: 'maintenance.failed';
      /** Undefined where it concerns all of them. */
      readonly account: string | undefined;
      readonly step:
        | 'open'
        | 'clear'
        | 'notice'
        | 'purge'
        | 'compact'
        | 'trim'
        | 'sweep'
        | 'collect'
        | 'pass';
    };

export type TransferEvent =
  | {
      readonly event: 'import.done';
      readonly account: string;
      readonly messages: number;
      readonly skipped: number;
      readonly failed: number;
      readonly ms: number;
    }
  | {
      readonly event: 'export.done';
      readonly account: string;
      readonly messages: number;
      readonly ms: number;
    };
