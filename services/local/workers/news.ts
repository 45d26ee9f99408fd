/** What the processes of one server tell each other: small facts that each may learn late, and none but the counts must. */
import type { DrainTimes } from '../drain.ts';

/** Which connections are counted: by address, or signed in by account. */
export type CountsName = 'connections' | 'signedIn';

/** Everything new since the last message, merged. As JSON, through the pipe between the first process and a worker. */
export interface News {
  /** Accounts whose log has grown, and to which position. */
  readonly grown: readonly (readonly [account: string, position: number])[];
  /** By how much the number of connections that are open there has changed. */
  readonly counts: readonly (readonly [name: CountsName, key: string, change: number])[];
  readonly signIns: readonly (readonly [outcome: 'failed' | 'succeeded', user: string, remote: string])[];
  /** Marks of passwords that were verified: keyed hashes, useless elsewhere. */
  readonly passwords: readonly string[];
  /** Deliveries that failed for a while, with the id that the next attempt takes; null where they are settled. */
  readonly attempts: readonly (readonly [key: string, id: string | null])[];
}

/** The server's certificate is in the files; `secret` (base64) keys the marks of passwords. */
export interface WorkerOrders {
  /** From 1; a replacement has the number of the one before. */
  readonly worker: number;
  readonly certFile: string;
  readonly keyFile: string;
  readonly secret: string;
}

export interface Figures {
  readonly rss: number;
  /** In the Prometheus text format. */
  readonly page: string;
}

export type ToWorker =
  | { readonly kind: 'orders'; readonly orders: WorkerOrders }
  | { readonly kind: 'news'; readonly news: News }
  | { readonly kind: 'reload' | 'figures' }
  | { readonly kind: 'stop'; readonly times: DrainTimes };

export interface OpenPort {
  readonly service: string;
  readonly host: string;
  readonly port: number;
}

export type FromWorker =
  /** It listens to messages, and waits for orders. */
  | { readonly kind: 'hello' }
  | { readonly kind: 'ready'; readonly ports: readonly OpenPort[] }
  /** It cannot start; the line says why. It ends by itself. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'news'; readonly news: News }
  | { readonly kind: 'figures'; readonly figures: Figures };
