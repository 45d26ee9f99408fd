import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { AccountId, BlobKey, LogPosition } from '../../ids.ts';
import {
  type AccountLog,
  type AppendOutcome,
  type AppendRequest,
  type Head,
  type HeadMove,
  type LogEnd,
  type LogTail,
  StaleTail,
  type StoredEntry,
} from '../../ports/account-log.ts';
import type { Staging } from './staging.ts';
import type { AppendAnswer, StagedBlob } from './write-operations.ts';
import { OutcomeUnknown, type Writer } from './writer.ts';

const pageEntries = 1_000;
const pageBytes = 1024 * 1024;
const tailLifetimeMs = 5 * 60_000;

/** The log in SQLite: read here, on a connection of this thread, and written by the writer's. */
export class EmbeddedAccountLog implements AccountLog {
  readonly #reader: DatabaseSync;
  readonly #writer: Writer;
  readonly #staging: Staging;
  readonly #now: () => number;
  readonly #head;
  readonly #entryExists;
  readonly #entries;
  readonly #end;
  readonly #lastEntry;

  constructor(reader: DatabaseSync, writer: Writer, staging: Staging, now: () => number) {
    this.#reader = reader;
    this.#writer = writer;
    this.#staging = staging;
    this.#now = now;
    this.#head = reader.prepare('SELECT position, manifest FROM heads WHERE account = ?');
    this.#entryExists = reader.prepare('SELECT 1 FROM entries WHERE account = ? AND position = ?');
    this.#end = reader.prepare(
      `SELECT (SELECT max(position) FROM entries WHERE account = ?1) AS last, position, manifest
       FROM (SELECT 1) LEFT JOIN heads ON account = ?1`,
    );
    this.#lastEntry = reader.prepare(
      `SELECT heads.position, manifest, entries.position AS last, bytes
       FROM (SELECT 1) LEFT JOIN heads ON heads.account = ?1
       LEFT JOIN entries ON entries.account = ?1 AND entries.position = (SELECT max(position) FROM entries WHERE account = ?1)`,
    );
    this.#entries = reader.prepare(
      `SELECT position, bytes FROM entries WHERE account = ? AND position > ? ORDER BY position LIMIT ${pageEntries + 1}`,
    );
  }

  async read(account: AccountId, after: LogPosition): Promise<LogTail> {
    // Mostly there is nothing new: one statement says so, at half the price. The last entry is never trimmed.
    const end = after > 0 ? this.#end.get(account) : undefined;
    if (end?.last === after) return { head: headOf(end), entries: [], more: false };
    // One transaction: a head that moves and a trim between two statements would look like a gap.
    this.#reader.exec('BEGIN');
    try {
      const head = headOf(this.#head.get(account));
      return { head, ...this.#page(account, this.#start(account, after, head)) };
    } finally {
      this.#reader.exec('COMMIT');
    }
  }

  /** Entries at or below the head are given only to a reader who has all before them. */
  #start(account: AccountId, after: LogPosition, head: Head | undefined): LogPosition {
    if (!head || after >= head.position) return after;
    // Where none stands at the head itself, a rebuild has put it beyond all there were: they do not lead to it.
    const follows =
      after > 0 &&
      this.#entryExists.get(account, after + 1) !== undefined &&
      this.#entryExists.get(account, head.position) !== undefined;
    return follows ? after : head.position;
  }

  #page(account: AccountId, start: LogPosition): { entries: readonly StoredEntry[]; more: boolean } {
    const entries: StoredEntry[] = [];
    let size = 0;
    for (const { position, bytes } of this.#entries.iterate(account, start)) {
      if (entries.length === pageEntries || size >= pageBytes) return { entries, more: true };
      // An empty value comes back as null.
      const entry = (bytes as Uint8Array | null) ?? new Uint8Array();
      size += entry.byteLength;
      entries.push({ position: position as LogPosition, bytes: entry });
    }
    return { entries, more: false };
  }

  async readEnd(account: AccountId): Promise<LogEnd> {
    const row = this.#lastEntry.get(account)!;
    const last = row.last as LogPosition | null;
    return {
      head: headOf(row),
      last:
        last === null
          ? undefined
          : { position: last, bytes: (row.bytes as Uint8Array | null) ?? new Uint8Array() },
    };
  }

  async append({ account, position, bytes, blobs, readAt }: AppendRequest): Promise<AppendOutcome> {
    if (this.#now() - readAt > tailLifetimeMs)
      throw new StaleTail(`the tail of ${account} was read too long ago`);
    if (!Number.isSafeInteger(position) || position < 1) throw new RangeError(`no log position: ${position}`);
    const carried: StagedBlob[] = [];
    const named: BlobKey[] = [];
    for (const key of blobs) {
      const staged = this.#staging.get(key);
      if (staged) carried.push({ key, size: staged.size, bytes: staged.bytes });
      else named.push(key);
    }
    const size = carried.reduce((sum, blob) => sum + (blob.bytes?.byteLength ?? 0), bytes.byteLength);
    let answer: AppendAnswer;
    try {
      answer = await this.#writer.send(
        'append',
        { account, position, bytes: whole(bytes), carried, named },
        size,
      );
    } catch (cause) {
      if (cause instanceof OutcomeUnknown) return { kind: 'unknown', cause: cause.cause };
      throw cause;
    }
    switch (answer.kind) {
      case 'done':
        this.#staging.settle(carried.map(({ key }) => key));
        return answer;
      case 'taken':
        return answer;
      case 'gap':
        throw new Error(
          `append to ${account} at ${position}, where the last position used is ${answer.last}`,
        );
      case 'noBlob':
        throw new Error(`append to ${account} names a blob that is not there: ${answer.key}`);
    }
  }

  async moveHead(account: AccountId, move: HeadMove): Promise<boolean> {
    await this.#staging.recordAccount(account, move.manifest);
    const moved = await this.#writer.send('moveHead', { account, move });
    if (moved === 'noManifest') throw new Error(`the manifest of ${account} is not there: ${move.manifest}`);
    return moved;
  }

  async trim(account: AccountId, upTo: LogPosition): Promise<void> {
    while (await this.#writer.send('trim', { account, upTo }));
  }

  async drop(account: AccountId): Promise<void> {
    while (await this.#writer.send('drop', account));
  }
}

const headOf = (row: Record<string, SQLOutputValue> | undefined): Head | undefined =>
  row === undefined || row.position === null
    ? undefined
    : { position: row.position as LogPosition, manifest: row.manifest as BlobKey };

/** A message to a thread copies the whole buffer under a view: a slice of a large one is cut out first. */
const whole = (bytes: Uint8Array): Uint8Array =>
  bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
