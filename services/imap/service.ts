import type { Authenticator } from '../../shared/directory/authenticator.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import type { TlsSettings } from '../../shared/net/connection.ts';
import type { OpenCounts } from '../../shared/net/limits.ts';
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
  /** Signed-in connections by account. */
  readonly signedIn: OpenCounts;
  /** What was made of records, for all sessions. */
  readonly memos: MemoCache;
  readonly commands: Counter<'command' | 'outcome'>;
}
