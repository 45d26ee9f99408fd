import type { SignInEnd } from '../net/guest.ts';

/**
 * Everything that is logged, in one place: a new event is a new member here. Fields are numbers, ids and closed words.
 * Never in any of them: credentials (an unknown user name may be a password typed in the wrong box), message bytes, subjects.
 */
export type LogEvent =
  | ProcessEvent
  | WorkerEvent
  | ListenerEvent
  | AuthEvent
  | AuthEndEvent
  | ImapEvent
  | Pop3Event
  | SmtpEvent
  | ForwardEvent
  | HttpEvent
  | AdminEvent
  | AccountEvent
  | StoreEvent
  | MaintenanceEvent
  | TransferEvent;

/** How a connection came to its end, seen from the server. */
export type SessionEnd =
  | 'logout'
  | 'clientClosed'
  | 'idle'
  | 'drained'
  /** What it signed in with does not hold any more. */
  | 'revoked'
  | 'refused'
  | 'stuck'
  | 'fault';

type ProcessEvent =
  | { readonly event: 'process.starting'; readonly version: string; readonly node: string }
  | { readonly event: 'process.ready'; readonly ms: number }
  /** Told once a minute. `rss` in bytes. */
  | { readonly event: 'process.load'; readonly connections: number; readonly rss: number }
  | { readonly event: 'process.stopping'; readonly signal: string }
  /** New clients are still taken, but balancers are told to look elsewhere; farewells begin after `noticeMs`. */
  | { readonly event: 'process.draining'; readonly sessions: number; readonly noticeMs: number }
  | { readonly event: 'process.stopped'; readonly ms: number }
  | { readonly event: 'process.fault'; readonly where: string };

/** Of the processes that serve clients for the first one, where there are several. The lines of each carry its number, too. */
type WorkerEvent =
  | { readonly event: 'worker.ready'; readonly worker: number; readonly pid: number; readonly ms: number }
  /** It ended without being asked to. Another takes its place after `againInMs`; null: too many ended, the server stops. */
  | {
      readonly event: 'worker.ended';
      readonly worker: number;
      readonly pid: number;
      readonly code: number | null;
      readonly signal: string | null;
      readonly againInMs: number | null;
    }
  /** It did not start, or stop, in time, and was killed. */
  | { readonly event: 'worker.stuck'; readonly worker: number; readonly pid: number };

type ListenerEvent =
  | {
      readonly event: 'listener.up';
      readonly service: string;
      readonly host: string;
      readonly port: number;
      readonly tls: 'implicit' | 'none';
    }
  | {
      readonly event: 'listener.closed';
      readonly service: string;
      /** Connections that had to be cut because they did not end in time. */
      readonly cut: number;
    }
  /** Accepting failed, for instance for want of file descriptors; the listener goes on. */
  | { readonly event: 'listener.fault'; readonly service: string }
  | {
      readonly event: 'connection.refused';
      readonly service: string;
      readonly remote: string;
      readonly reason: 'tooMany' | 'tooManyFromAddress';
    }
  | { readonly event: 'connection.fault'; readonly service: string; readonly remote: string }
  | { readonly event: 'tls.handshakeFailed'; readonly service: string; readonly remote: string }
  | { readonly event: 'tls.issued'; readonly names: readonly string[]; readonly notAfter: string }
  | { readonly event: 'tls.reloaded'; readonly names: readonly string[]; readonly notAfter: string }
  /** The files could not be used; what was loaded before goes on serving. */
  | { readonly event: 'tls.reloadFailed'; readonly certFile: string };

type AuthEvent =
  | {
      readonly event: 'auth.ok';
      readonly protocol: string;
      readonly mechanism: string;
      readonly account: string;
      readonly remote: string;
      /** Whether the password was known from an earlier sign-in, so that no argon2 was paid. */
      readonly remembered: boolean;
      /** Id of the app password that was given, where it was one. */
      readonly appPassword?: string | undefined;
    }
  | {
      readonly event: 'auth.failed';
      readonly protocol: string;
      readonly mechanism: string;
      /** Only where the address names one of ours. */
      readonly account: string | undefined;
      readonly remote: string;
      readonly reason: 'invalid' | 'suspended' | 'protocolOff' | 'busy' | 'throttled';
    }
  /** The day of a sign-in could not be written; the next one tries again. */
  | { readonly event: 'auth.dayNotKept'; readonly protocol: string; readonly account: string };

type AuthEndEvent = {
  /** Sessions that were asked to leave, since what they signed in with holds no longer. */
  readonly event: 'auth.ended';
  readonly account: string;
  readonly reason: SignInEnd;
  readonly sessions: number;
};

type ImapEvent =
  /** A command failed by a fault of ours: it was answered NO [SERVERBUG]. */
  | { readonly event: 'imap.fault'; readonly command: string }
  /** It is not known whether a change was made: the connection ended without an answer. */
  | { readonly event: 'imap.unsettled' }
  | {
      readonly event: 'imap.command';
      readonly command: string;
      readonly outcome: 'ok' | 'no' | 'bad' | 'none';
      readonly ms: number;
    }
  | {
      readonly event: 'imap.session';
      readonly remote: string;
      readonly secure: boolean;
      readonly ms: number;
      readonly received: number;
      readonly sent: number;
      readonly commands: number;
      readonly end: SessionEnd;
    };

type Pop3Event =
  | {
      readonly event: 'pop3.command';
      readonly command: string;
      readonly outcome: 'ok' | 'err' | 'none';
      readonly ms: number;
    }
  | {
      readonly event: 'pop3.session';
      readonly remote: string;
      readonly secure: boolean;
      readonly ms: number;
      readonly received: number;
      readonly sent: number;
      readonly retrieved: number;
      readonly deleted: number;
      readonly end: SessionEnd;
    };

type SmtpEvent =
  /** One recipient account of one message. `detail` is why it was not stored, as a code, never as text from outside. */
  | {
      readonly event: 'smtp.delivery';
      readonly protocol: 'smtp' | 'lmtp' | 'submission' | 'ses' | 'local';
      readonly account: string;
      readonly outcome: 'stored' | 'duplicate' | 'overQuota' | 'unavailable';
      readonly size: number;
      readonly ms: number;
    }
  /** A message of the queue that is no notification of SES's. */
  | { readonly event: 'ses.unreadable'; readonly queued: string }
  /** `message` is SES's id of it. */
  | { readonly event: 'ses.dropped'; readonly message: string; readonly reason: 'virus' }
  /** It goes back to the queue. */
  | { readonly event: 'ses.failed'; readonly message: string }
  /** Some recipients did not get it; `told`: the sender is. */
  | {
      readonly event: 'ses.refused';
      readonly message: string;
      readonly recipients: number;
      readonly told: boolean;
    }
  /** The sender of `message` was told. */
  | { readonly event: 'ses.bounced'; readonly message: string }
  /** `message` is SES's id of it, or where its bounce is written down. */
  | { readonly event: 'ses.bounceFailed'; readonly message: string }
  | {
      readonly event: 'smtp.refused';
      readonly protocol: string;
      readonly remote: string;
      readonly code: string;
    }
  | {
      readonly event: 'smtp.relay';
      readonly account: string;
      readonly recipients: number;
      readonly size: number;
      readonly outcome: 'accepted' | 'refused' | 'unavailable';
      readonly ms: number;
    }
  | {
      readonly event: 'smtp.session';
      readonly protocol: string;
      readonly remote: string;
      readonly secure: boolean;
      readonly ms: number;
    };

type ForwardEvent =
  /** Taken into the outbox. `report`: it goes back to a sender, and `account` is the outbox. */
  | {
      readonly event: 'forward.queued';
      readonly account: string;
      readonly recipients: number;
      readonly report: boolean;
    }
  /** Not sent on: it came back, the account's mail waits in too great a number, or it is spam. */
  | { readonly event: 'forward.kept'; readonly account: string; readonly reason: 'loop' | 'full' | 'spam' }
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
type AdminEvent = {
  readonly event: 'admin.change';
  readonly operation: string;
  /** The API key's id. */
  readonly key: string;
  readonly outcome: 'done' | 'refused' | 'failed';
  readonly status: number;
};

type HttpEvent = {
  readonly event: 'http.request';
  readonly method: string;
  /** The route's pattern, not the path: paths may carry addresses. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
};

type AccountEvent =
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

type StoreEvent =
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

type MaintenanceEvent =
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

type TransferEvent =
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
