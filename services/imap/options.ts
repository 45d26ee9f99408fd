/** How the IMAP service behaves; every bound and timeout of it. Times in milliseconds, sizes in octets. */
export interface ImapOptions {
  /** LOGIN and AUTHENTICATE PLAIN without TLS: for test benches. */
  readonly allowPlaintextAuth: boolean;
  /** The largest message of APPEND (RFC 7889). */
  readonly appendLimit: number;
  /** Silence before sign-in that ends a connection. */
  readonly greetingTimeoutMs: number;
  /** Silence after it; RFC 9051 §5.4 asks for at least 30 minutes. */
  readonly idleTimeoutMs: number;
  /** Silence within a literal or a SASL exchange: the client owes the rest. */
  readonly literalTimeoutMs: number;
  /** A client that waits hears from the server at least this often. */
  readonly stillHereMs: number;
  /** An account without commands for this long is packed. */
  readonly restAfterMs: number;
  /** Commands that are BAD one after another, or before sign-in these and refused sign-ins, before the connection is given up. */
  readonly patience: number;
  /** What is kept, for all sessions, of what was made of records: encoded answers, sort keys, folded fields. */
  readonly memoBytes: number;
  readonly version: string;
}

const minute = 60_000;

export const defaultImapOptions: ImapOptions = {
  allowPlaintextAuth: false,
  appendLimit: 64 * 1024 * 1024,
  greetingTimeoutMs: minute,
  idleTimeoutMs: 30 * minute,
  literalTimeoutMs: 5 * minute,
  stillHereMs: 2 * minute,
  restAfterMs: 5 * minute,
  patience: 10,
  memoBytes: 64 * 1024 * 1024,
  version: '0.1.0',
};
