import type { BlobKey } from '../ids.ts';

/** Half-open byte range `[start, end)`; `end` past the size is cut to it. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface Blob {
  /** The whole object's size in bytes, whatever range was asked. */
  readonly size: number;
  /** Exactly the bytes of the range: in one piece where they are at hand, else as chunks that arrive at the reader's pace. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
}

/** The store did not answer, or not in time: it says nothing about what is in it. Later it may work. */
export class StoreUnavailable extends Error {}

/**
 * Immutable objects. A key is written once: keys carry fresh randomness for each attempt, and putting to a used key is a bug.
 * A put is durable at the latest when the append that names it (AppendRequest.blobs) answers 'done', or when the next
 * `moveHead` of its account answers, which covers what a manifest names; until then it may be gone after a crash, and other
 * processes may not see it. It can be read from this process at once.
 */
export interface BlobStore {
  /** Resolves to the size in bytes. If `body` throws, nothing is stored and the error is passed on. */
  put(key: BlobKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<number>;
  /** Undefined where there is no such object. */
  get(key: BlobKey, range?: ByteRange): Promise<Blob | undefined>;
  /** Unknown keys are no error. */
  delete(keys: readonly BlobKey[]): Promise<void>;
  /** Keys under a prefix in ascending order with their sizes, a page at a time (at most 1,000); `after` continues. */
  list(prefix: string, after?: BlobKey): Promise<readonly { readonly key: BlobKey; readonly size: number }[]>;
}
