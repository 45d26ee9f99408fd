/** What a process, its workers and its listeners log. See events.ts for what may never be in an event. */

export type ProcessEvent =
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
export type WorkerEvent =
  | { readonly event: 'worker.ready'; readonly worker: number; readonly pid: number; readonly ms: number }
  /** It ended without being asked to; the cause is why it could not start, where it said so. Another takes its place after `againInMs`; null: too many ended, the server stops. */
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

export type ListenerEvent =
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
  /** An authority gave no certificate; it is asked again. */
  | { readonly event: 'tls.acmeFailed'; readonly names: readonly string[]; readonly againInMs: number }
  /** The files could not be used; what was loaded before goes on serving. */
  | { readonly event: 'tls.reloadFailed'; readonly certFile: string };
