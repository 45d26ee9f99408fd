import type { Page } from './directory.ts';

/** API keys by their id; what was changed by whom, newest first; answers to requests that may be repeated; secrets of the installation. */
export type RecordKind = 'key' | 'audit' | 'answer' | 'secret';

/** A small named text of administration. */
export interface AdminRecord {
  readonly kind: RecordKind;
  /** At most 200 characters of ASCII. Unique within its kind. */
  readonly name: string;
  /** At most 300 KB. */
  readonly text: string;
  /** Milliseconds since 1970 from which on it is not there any more; undefined: it stays. */
  readonly expires: number | undefined;
  /** The tenant that it is about, where it is about one. Once said, it stays. */
  readonly tenant?: string | undefined;
}

/**
 * What administration keeps beside the directory. Reads see every write that has ended before; an expired record is as one that
 * was removed. Lists are in ascending order of name.
 */
export interface AdminRecords {
  /** False where there is one of that name, unless it has the same text. */
  addRecord(record: AdminRecord): Promise<boolean>;
  /** Writes over one of that name, if there is one. */
  putRecord(record: AdminRecord): Promise<void>;
  record(kind: RecordKind, name: string): Promise<AdminRecord | undefined>;
  /** At most `limit` (1 to 500), of one tenant where one is named. Pass `next` as `after` for the next page. */
  records(kind: RecordKind, limit: number, after?: string, tenant?: string): Promise<Page<AdminRecord>>;
  /** False where there was none. */
  removeRecord(kind: RecordKind, name: string): Promise<boolean>;
}
