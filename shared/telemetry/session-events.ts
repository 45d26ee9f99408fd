import type { SignInEnd } from '../net/guest.ts';
import type { SessionEnd } from './events.ts';

/** What sign-ins and sessions of the protocols log. See events.ts for what may never be in an event. */

export type AuthEvent =
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

export type AuthEndEvent = {
  /** Sessions that were asked to leave, since what they signed in with holds no longer. */
  readonly event: 'auth.ended';
  readonly account: string;
  readonly reason: SignInEnd;
  readonly sessions: number;
};

export type ImapEvent =
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

export type Pop3Event =
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

export type SmtpEvent =
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

export type HttpEvent = {
  readonly event: 'http.request';
  readonly method: string;
  /** The route's pattern, not the path: paths may carry addresses. */
  readonly route: string;
  readonly status: number;
  readonly ms: number;
};
