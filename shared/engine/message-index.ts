import type { AccountId, BlobKey, EmailId, MailboxId, MessageNo } from '../ids.ts';
import { messageKey, packTimeId } from '../ids.ts';
import { decodeRecord } from '../message/record-codec.ts';
import type { MessageRecord } from '../message/structure.ts';
import type { Blob, BlobStore, ByteRange } from '../ports/blob-store.ts';
import { holdsId, idAt, packedIdBytes } from './email-id-codec.ts';
import type { EngineParts } from './engine.ts';
import type { Slice } from './frame.ts';
import type { ObjectCache } from './frame-reader.ts';
import { type IdPage, IdPages, idPageOf } from './id-pages.ts';
import { MessageFrames } from './message-frames.ts';
import { ObjectGone } from './object-gone.ts';
import type { Effect, Operation } from './operation.ts';
import type { AnswerColumn, SegmentRef, SettledMessages } from './segment.ts';
import { lastAtOrBelow, segmentOf } from './segment-places.ts';
import { readTexts, type TextRef, TextSegment } from './text-segments.ts';
import { mayContain, needleHashes } from './text-signature.ts';

export { ObjectGone } from './object-gone.ts';

interface TailMessage {
  readonly emailId: EmailId;
  readonly record: Uint8Array;
}

/** What an index reads from. */
export type MessageStore = Pick<EngineParts, 'blobs' | 'frames' | 'scatteredBytes'>;

/**
 * Which message is which, account-wide: number to email id, header record and body. Messages since the last snapshot are held
 * from the log's entries, older ones are read from the snapshot's objects by range and cached by bytes.
 */
export class MessageIndex {
  readonly #account: AccountId;
  readonly #blobs: BlobStore;
  readonly #cache: ObjectCache;
  readonly #frames: MessageFrames;
  readonly #ids: IdPages;
  /** Where the last id was looked for: the next one is mostly there too. */
  #idPage: IdPage | undefined;
  #settled: SettledMessages;
  #tail = new Map<number, TailMessage>();
  #tailBytes = 0;
  #settledBytes = 0;

  constructor(account: AccountId, { blobs, frames: cache, scatteredBytes }: MessageStore) {
    this.#account = account;
    this.#blobs = blobs;
    this.#cache = cache;
    const read = (key: BlobKey, range: ByteRange) => this.#object(key, range);
    this.#settled = { count: 0, segments: [], texts: [], clusters: [] };
    this.#frames = new MessageFrames(this.#settled, cache, read, scatteredBytes);
    this.#ids = new IdPages(cache, read);
  }

  get settled(): SettledMessages {
    return this.#settled;
  }

  /** Messages that only the log's entries hold, in order of arrival. */
  get tail(): ReadonlyMap<number, TailMessage> {
    return this.#tail;
  }

  /** About how many bytes of memory it takes; unpacked frames are the cache's. */
  get bytes(): number {
    return this.#tailBytes + this.#settledBytes;
  }

  /** Takes the snapshot's objects as the place of all messages up to `settled.count`. */
  settle(settled: SettledMessages): void {
    this.#settled = settled;
    this.#frames.settle(settled);
    const copies = settled.clusters.flatMap(({ parts }) => parts.map((part) => part.copies));
    this.#settledBytes = [...settled.segments, ...copies].reduce((sum, ref) => sum + refBytes(ref), 0);
    this.#idPage = undefined;
    for (const [no, message] of this.#tail) {
      if (no > settled.count) continue;
      this.#tail.delete(no);
      this.#tailBytes -= heldBytes(message);
    }
  }

  /** Holds what an entry brought; `first` is the number its first append took. */
  note(first: MessageNo, operations: readonly Operation[], effects: readonly Effect[]): void {
    let no: number = first;
    operations.forEach((operation, i) => {
      if (operation.kind !== 'append' || effects[i]?.kind !== 'appended') return;
      const { emailId, record } = operation.message;
      const message = { emailId, record };
      this.#tail.set(no++, message);
      this.#tailBytes += heldBytes(message);
    });
  }

  async emailId(no: number): Promise<EmailId> {
    return this.#heldId(no) ?? (await this.emailIds([no]))[0]!;
  }

  /** Where it is in memory. */
  #heldId(no: number): EmailId | undefined {
    const held = this.#tail.get(no);
    if (held !== undefined) return held.emailId;
    const page = this.#idPageOf(no);
    const column = this.#ids.held(page);
    return column && idAt(column, no - page.from);
  }

  #idPageOf(no: number): IdPage {
    const last = this.#idPage;
    if (last !== undefined && no >= last.from && no < last.to) return last;
    this.#idPage = idPageOf(segmentOf(this.#settled.segments, no), no);
    return this.#idPage;
  }

  /** Email ids, one for each number. */
  async emailIds(numbers: readonly number[]): Promise<EmailId[]> {
    const column = await this.packedIds(numbers);
    return numbers.map((_, i) => idAt(column, i)!);
  }

  /** Email ids as a column (see `packIds`), one for each number. */
  async packedIds(numbers: readonly number[]): Promise<Uint8Array> {
    const column = new Uint8Array(numbers.length * packedIdBytes);
    // Taken now: a compaction that ends meanwhile empties the tail.
    const wanted = new Map<string, IdPage>();
    let last: IdPage | undefined;
    const places = numbers.map((no, i) => {
      const held = this.#tail.get(no);
      if (held !== undefined) {
        column.set(packTimeId(held.emailId), i * packedIdBytes);
        return undefined;
      }
      const page = this.#idPageOf(no);
      if (page !== last) wanted.set(page.name, page);
      last = page;
      return page;
    });
    const columns = await this.#ids.load([...wanted.values()]);
    for (let i = 0, end: number; i < numbers.length; i = end) {
      const place = places[i];
      end = i + 1;
      if (place === undefined) continue;
      // Neighbours are copied together.
      while (end < numbers.length && places[end] === place && numbers[end] === numbers[end - 1]! + 1) end++;
      const stored = columns.get(place.name)!;
      const at = numbers[i]! - place.from;
      for (let n = 0; n < end - i; n++)
        if (!holdsId(stored, at + n)) throw new ObjectGone(`message ${numbers[i + n]} has no email id`);
      column.set(stored.subarray(at * packedIdBytes, (at + end - i) * packedIdBytes), i * packedIdBytes);
    }
    return column;
  }

  async #object(key: BlobKey, range?: ByteRange): Promise<Uint8Array> {
    const blob = await this.#blobs.get(key, range);
    if (blob === undefined) throw new ObjectGone(key);
    return collect(blob.body);
  }

  /**
   * Header records, one for each number; each is unpacked when it is looked at. `of`: the mailbox that all of them are in, where that is known:
   * it may have them together.
   */
  async records(numbers: readonly number[], of?: MailboxId): Promise<MessageRecord[]> {
    return (await this.encodedRecords(numbers, of)).map(decodeRecord);
  }

  /** Header records as stored. Frames that lie close together come in one read. */
  async encodedRecords(numbers: readonly number[], of?: MailboxId): Promise<Uint8Array[]> {
    // Taken now: a compaction that ends while frames are read empties the tail.
    const held = numbers.map((no) => this.#tail.get(no)?.record);
    const { frames, items } = await this.#frames.find(numbers, 'records', (no) => this.#tail.has(no), of);
    return numbers.map((no, i) => {
      const record = held[i] ?? frames[i]?.item(items[i]!);
      if (record === undefined) throw new ObjectGone(`message ${no} is not in its segment`);
      return record;
    });
  }

  /**
   * What is kept of messages to be sent as it lies, one for each number (see shared/imap/stored-answers.ts); undefined where
   * only the record is there: in the log's tail, in an old segment, and where nothing is. `of`: as for `records`.
   */
  async answers(
    numbers: readonly number[],
    column: AnswerColumn,
    of?: MailboxId,
  ): Promise<readonly (Slice | undefined)[]> {
    const { frames, items } = await this.#frames.find(numbers, column, (no) => this.#tail.has(no), of);
    return numbers.map((_, i) => {
      const slice = frames[i]?.slice(items[i]!);
      return slice !== undefined && slice.to > slice.from ? slice : undefined;
    });
  }

  /**
   * Which of some folded texts are certainly not in the bodies of messages: for each message a bit for each text, lowest first. Nothing
   * is said of texts of fewer than three letters, of more than thirty texts, and of messages that no snapshot has yet.
   */
  async absentTexts(numbers: readonly number[], needles: readonly string[]): Promise<Uint32Array> {
    const absent = new Uint32Array(numbers.length);
    const hashes = needles.slice(0, 30).map(needleHashes);
    if (hashes.every((needle) => needle.length === 0)) return absent;
    const { texts } = this.#settled;
    const segments = new Map<BlobKey, TextSegment>();
    for (const [i, no] of numbers.entries()) {
      const ref = texts[lastAtOrBelow(texts, no)];
      if (ref === undefined || no >= ref.first + ref.count) continue;
      let segment = segments.get(ref.key);
      if (segment === undefined) {
        segment = TextSegment.decode(await this.#texts(ref), ref.first);
        segments.set(ref.key, segment);
      }
      const signature = segment.signature(no);
      if (signature === undefined) continue;
      for (const [bit, needle] of hashes.entries())
        if (needle.length > 0 && !mayContain(signature, needle)) absent[i]! |= 1 << bit;
    }
    return absent;
  }

  async #texts(ref: TextRef): Promise<Uint8Array> {
    const cached = this.#cache.get(ref.key);
    if (cached instanceof Uint8Array) return cached;
    const bytes = await readTexts(this.#blobs, ref);
    this.#cache.set(ref.key, bytes, bytes.length + 64);
    return bytes;
  }

  /** The exact bytes of a message, or a range of them. */
  async body(no: number, range?: ByteRange): Promise<Blob> {
    const key = messageKey(this.#account, await this.emailId(no));
    const blob = await this.#blobs.get(key, range);
    if (blob === undefined) throw new ObjectGone(key);
    return blob;
  }
}

const heldBytes = ({ record }: TailMessage): number => record.length + 160;

function refBytes({ records, answers }: SegmentRef): number {
  const frames = records.frames.length + (answers?.fields.frames.length ?? 0);
  return 240 + 24 * (frames + (answers?.structures.frames.length ?? 0));
}

/** A blob's body in one piece: for objects that are known to be of moderate size. */
export async function collect(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}
