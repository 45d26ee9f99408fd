import { objectKey } from '../ids.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import type { Account } from './account.ts';
import { referencedMessages, restorableCount } from './apply-departures.ts';
import { idAt, packedIdBytes, packIds } from './email-id-codec.ts';
import type { EngineParts } from './engine.ts';
import { decodeFrame } from './frame.ts';
import { loadWhole } from './mailbox-loader.ts';
import { collect, ObjectGone } from './message-index.ts';
import { worked, yieldToSessions } from './pace.ts';
import { chunkRows } from './rows.ts';
import {
  answerColumns,
  type Column,
  columnOf,
  frameEnd,
  type SegmentRef,
  type SettledMessages,
} from './segment.ts';
import { SegmentBuilder, type SegmentContents, smallFrame } from './segment-builder.ts';
import type { AccountState } from './state.ts';
import { settleTexts, type TextSource } from './text-segments.ts';

/** Segments are joined until they are this large. */
const segmentTarget = 8 * 1024 * 1024;
/** Segments of about the same size that wait until they are joined: with the next one they are four. */
const waitingSegments = 3;
/**
 * Answers are kept in segments from this size on: smaller ones are soon written again, and a few hundred messages are answered from
 * their records in no time.
 */
const answersFrom = 320 * 1024;
/** Records handled before sessions have their turn. */
const recordsAtOnce = 16;
/** Records of messages that are gone are dropped once they outnumber the others, and these. */
const deadAllowed = 4096;

/** Segments of a tier are within a factor of four in size. */
const tierOf = (bytes: number): number => Math.max(0, Math.floor(Math.log2(bytes / 16_384) / 2));

type Parts = Pick<EngineParts, 'blobs' | 'entropy' | 'giveUp'>;

/** How many of the last segments are rewritten together with `bytes` of new records. */
export function joinedSegments(segments: readonly { readonly bytes: number }[], bytes: number): number {
  let joined = 0;
  let total = bytes;
  for (;;) {
    const tier = tierOf(total);
    let alike = 0;
    let more = 0;
    for (let i = segments.length - joined - 1; i >= 0 && tierOf(segments[i]!.bytes) <= tier; i--) {
      if (total + more + segments[i]!.bytes > segmentTarget) break;
      alike++;
      more += segments[i]!.bytes;
    }
    if (alike < waitingSegments) return joined;
    joined += alike;
    total += more;
  }
}

/** Moves header records and email ids from the log's tail to segments, joining small ones: each record is rewritten few times. */
export async function settleMessages(
  account: Account,
  state: AccountState,
  parts: Parts,
): Promise<SettledMessages> {
  const { settled, tail } = account.messages;
  const count = state.nextMessage - 1;
  const referenced = await referencedOnly(state, settled, parts.blobs);
  if (settled.count === count && referenced === undefined) return settled;
  // Taken now: the tail goes on meanwhile.
  const young: (TextSource | undefined)[] = [];
  let bytes = 0;
  for (let no = settled.count + 1; no <= count; no++) {
    const message = tail.get(no);
    young.push(message);
    bytes += message?.record.length ?? 0;
    if (no % recordsAtOnce === 0) await worked(recordsAtOnce);
  }
  const joined = referenced === undefined ? joinedSegments(settled.segments, bytes) : settled.segments.length;
  const kept = settled.segments.slice(0, settled.segments.length - joined);
  const old = settled.segments.slice(kept.length);
  const total = old.reduce((sum, segment) => sum + segment.bytes, bytes);
  const contents = total >= answersFrom ? 'withAnswers' : 'recordsOnly';
  const writer = new SegmentWriter(account, parts, kept, referenced, contents);
  for (const segment of old) await writer.takeSegment(segment);
  await writer.takeTail(settled.count + 1, count);
  const segments = await writer.end();
  const texts = await settleTexts(account.id, settled.texts, young, joinedSegments, parts);
  return { count, segments, texts, clusters: settled.clusters };
}

/** Tells the messages that are referred to, where more than half of the settled ones are not: then all is written anew. */
async function referencedOnly(
  state: AccountState,
  { segments }: SettledMessages,
  blobs: BlobStore,
): Promise<Uint8Array | undefined> {
  const live = segments.reduce((sum, segment) => sum + segment.live, 0);
  const few = (restorable: number): boolean => live <= 2 * (state.usage.messages + restorable) + deadAllowed;
  // What could come back is counted only where it matters.
  if (few(0) || few(restorableCount(state))) return undefined;
  const referenced = new Uint8Array(state.nextMessage);
  let looked = 0;
  for (const no of referencedMessages(await loadWhole(blobs, state))) {
    referenced[no] = 1;
    if (++looked % chunkRows === 0) await worked(chunkRows);
  }
  return referenced;
}

const noRecord = new Uint8Array();

class SegmentWriter {
  readonly #account: Account;
  readonly #parts: Parts;
  readonly #segments: SegmentRef[];
  /** By message number, where the others are dropped. */
  readonly #referenced: Uint8Array | undefined;
  readonly #contents: SegmentContents;
  #builder: SegmentBuilder | undefined;

  constructor(
    account: Account,
    parts: Parts,
    kept: readonly SegmentRef[],
    referenced: Uint8Array | undefined,
    contents: SegmentContents,
  ) {
    this.#account = account;
    this.#parts = parts;
    this.#segments = [...kept];
    this.#referenced = referenced;
    this.#contents = contents;
  }

  async takeSegment(segment: SegmentRef): Promise<void> {
    const blob = await this.#parts.blobs.get(segment.key);
    if (blob === undefined) throw new ObjectGone(segment.key);
    const bytes = await collect(blob.body);
    const builder = await this.#room(segment.first, segment.bytes);
    await this.#takeColumn(builder, segment, 'records', bytes);
    if (this.#contents === 'withAnswers') {
      if (columnOf(segment, 'fields') === undefined) await this.#makeAnswers(builder, segment, bytes);
      else for (const column of answerColumns) await this.#takeColumn(builder, segment, column, bytes);
    }
    const ids = bytes.slice(segment.ids, segment.bytes);
    let { live } = segment;
    for (let i = 0; i < segment.count; i++) {
      if (!this.#isDead(segment.first + i) || idAt(ids, i) === undefined) continue;
      live--;
      ids.fill(0, i * packedIdBytes, (i + 1) * packedIdBytes);
    }
    builder.addIds(ids, live);
  }

  #isDead(no: number): boolean {
    return this.#referenced?.[no] === 0;
  }

  async #takeColumn(
    builder: SegmentBuilder,
    segment: SegmentRef,
    name: Column,
    bytes: Uint8Array,
  ): Promise<void> {
    const column = columnOf(segment, name)!;
    for (const [i, { first, offset }] of column.frames.entries()) {
      const packed = bytes.subarray(offset, frameEnd(column, i));
      const count = (column.frames[i + 1]?.first ?? segment.first + segment.count) - first;
      if (this.#referenced === undefined && packed.length >= smallFrame) {
        await builder.addFrame(name, packed, count);
        continue;
      }
      const frame = decodeFrame(packed);
      for (let r = 0; r < count; r++)
        await builder.add(name, this.#isDead(first + r) ? noRecord : frame.item(r)!);
      await yieldToSessions(this.#parts.giveUp);
    }
  }

  /** For a segment of before there were answers, or of another version of them. */
  async #makeAnswers(builder: SegmentBuilder, { records }: SegmentRef, bytes: Uint8Array): Promise<void> {
    for (const [i, { first, offset }] of records.frames.entries()) {
      const frame = decodeFrame(bytes.subarray(offset, frameEnd(records, i)));
      for (let r = 0; r < frame.count; r++) {
        await builder.addAnswers(this.#isDead(first + r) ? noRecord : frame.item(r)!);
        if (r % recordsAtOnce === 0) await yieldToSessions(this.#parts.giveUp);
      }
    }
  }

  async takeTail(first: number, last: number): Promise<void> {
    for (let from = first; from <= last; from += recordsAtOnce) {
      const to = Math.min(last, from + recordsAtOnce - 1);
      const messages = Array.from({ length: to - from + 1 }, (_, i) => {
        return this.#isDead(from + i) ? undefined : this.#account.messages.tail.get(from + i);
      });
      const builder = await this.#room(from, 0);
      for (const message of messages) await builder.addMessage(message?.record ?? noRecord);
      const live = messages.filter((message) => message !== undefined).length;
      builder.addIds(packIds(messages.map((message) => message?.emailId)), live);
      await yieldToSessions(this.#parts.giveUp);
    }
  }

  /** The segment that the next messages go to: a fresh one where they would make it too large, or do not follow. */
  async #room(first: number, bytes: number): Promise<SegmentBuilder> {
    const builder = this.#builder;
    if (builder !== undefined && (builder.bytes + bytes > segmentTarget || builder.next !== first))
      await this.#put();
    this.#builder ??= new SegmentBuilder(first, this.#contents);
    return this.#builder;
  }

  async #put(): Promise<void> {
    const { ref, bytes } = await this.#builder!.finish(objectKey(this.#account.id, 'h', this.#parts.entropy));
    this.#builder = undefined;
    // Numbers that nobody refers to need no place.
    if (ref.live === 0) return;
    await this.#parts.blobs.put(ref.key, bytes);
    this.#segments.push(ref);
  }

  async end(): Promise<readonly SegmentRef[]> {
    if (this.#builder !== undefined) await this.#put();
    return this.#segments;
  }
}
