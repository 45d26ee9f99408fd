import type { Authenticator } from '../../shared/directory/authenticator.ts';
import type { SignedInSessions } from '../../shared/directory/signed-in.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import type { TlsSettings } from '../../shared/net/connection.ts';
import type { Counter } from '../../shared/telemetry/metrics.ts';
import type { ImapOptions } from './options.ts';
import type { MemoCache } from './record-memo.ts';

/** What all sessions of the service share. */
export interface ImapService {
  readonly engine: MailEngine;
  readonly authenticator: Authenticator;
  readonly options: ImapOptions;
  /** For STARTTLS; undefined where there is no certificate. */
  readonly tls: TlsSettings | undefined;
  /** Those that have signed in, of all services. */
  readonly sessions: SignedInSessions;
  /** What was made of records, for all sessions. */
  readonly memos: MemoCache;
  readonly commands: Counter<'command' | 'outcome'>;
}
