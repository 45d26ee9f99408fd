import type { BlobKey } from '../ids.ts';
import { answersVersion, fieldsAnswer, structureAnswer } from '../imap/stored-answers.ts';
import { decodeRecord, uncompressedRecord } from '../message/record-codec.ts';
import { encodeFrame } from './frame.ts';
import type { Column, FrameColumn, FrameRef, SegmentRef } from './segment.ts';

/** Bytes of a frame, unpacked. What is sent as it lies is mostly wanted of many messages, and larger frames pack better. */
const frameTarget: Readonly<Record<Column, number>> = {
  records: 64 * 1024,
  fields: 128 * 1024,
  structures: 128 * 1024,
};

/** Frames below this are packed anew with their neighbours where segments are rewritten; larger ones are copied as they are. */
export const smallFrame = 8 * 1024;

/** About how many times smaller a frame is packed. */
const packing = 3;

const nothing = new Uint8Array();

/** One column of a segment, from frames that are packed already and from items. */
class ColumnBuilder {
  readonly #first: number;
  readonly #target: number;
  readonly #frames: FrameRef[] = [];
  readonly pieces: Uint8Array[] = [];
  #offset = 0;
  #count = 0;
  #young: Uint8Array[] = [];
  #youngBytes = 0;

  constructor(first: number, column: Column) {
    this.#first = first;
    this.#target = frameTarget[column];
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#offset + this.#youngBytes / packing;
  }

  /** Number of the message that would be next. */
  get next(): number {
    return this.#first + this.#count + this.#young.length;
  }

  /** Takes in a frame of `count` messages as it is. */
  async addFrame(packed: Uint8Array, count: number): Promise<void> {
    await this.#flush();
    this.#place(packed, count);
  }

  async add(item: Uint8Array): Promise<void> {
    this.#young.push(item);
    this.#youngBytes += item.length + 2;
    if (this.#youngBytes >= this.#target) await this.#flush();
  }

  #place(packed: Uint8Array, count: number): void {
    this.#frames.push({ first: this.#first + this.#count, offset: this.#offset });
    this.pieces.push(packed);
    this.#offset += packed.length;
    this.#count += count;
  }

  async #flush(): Promise<void> {
    if (this.#young.length === 0) return;
    const young = this.#young;
    this.#young = [];
    this.#youngBytes = 0;
    this.#place(await encodeFrame(young), young.length);
  }

  /** `start`: where the column will begin in the object. */
  async finish(start: number): Promise<FrameColumn> {
    await this.#flush();
    const frames = this.#frames.map(({ first, offset }) => ({ first, offset: start + offset }));
    return { frames, end: start + this.#offset };
  }
}

/** Whether a segment keeps answers beside the records. */
export type SegmentContents = 'withAnswers' | 'recordsOnly';

/** Puts a segment together. */
export class SegmentBuilder {
  readonly #first: number;
  readonly #columns: Readonly<Record<Column, ColumnBuilder>>;
  readonly #ids: Uint8Array[] = [];
  readonly #contents: SegmentContents;
  #live = 0;

  constructor(first: number, contents: SegmentContents) {
    this.#first = first;
    this.#contents = contents;
    this.#columns = {
      records: new ColumnBuilder(first, 'records'),
      fields: new ColumnBuilder(first, 'fields'),
      structures: new ColumnBuilder(first, 'structures'),
    };
  }

  /** Bytes so far. */
  get bytes(): number {
    const { records, fields, structures } = this.#columns;
    return records.bytes + fields.bytes + structures.bytes;
  }

  /** Number of the message that would be next. */
  get next(): number {
    return this.#columns.records.next;
  }

  /** Takes in a frame of `count` messages as it is: each column must get all messages in the end. */
  addFrame(column: Column, packed: Uint8Array, count: number): Promise<void> {
    return this.#columns[column].addFrame(packed, count);
  }

  /** Takes in what another segment's frame holds of the next message. */
  add(column: Column, item: Uint8Array): Promise<void> {
    return this.#columns[column].add(item);
  }

  /** Takes in what is answered from the record of the next message; an empty one stands for a message that is gone. */
  async addAnswers(encoded: Uint8Array): Promise<void> {
    const record = encoded.length === 0 ? undefined : decodeRecord(encoded);
    await this.add('fields', record === undefined ? nothing : fieldsAnswer(record.header));
    await this.add('structures', record === undefined ? nothing : structureAnswer(record));
  }

  /** Takes in the record of the next message, as it lies in an entry, and its answers. */
  async addMessage(encoded: Uint8Array): Promise<void> {
    // A frame is packed as a whole.
    const record = encoded.length === 0 ? encoded : uncompressedRecord(encoded);
    await this.add('records', record);
    if (this.#contents === 'withAnswers') await this.addAnswers(record);
  }

  /** Takes in packed email ids, in order; `live`: how many are not empty. */
  addIds(column: Uint8Array, live: number): void {
    this.#ids.push(column);
    this.#live += live;
  }

  async finish(key: BlobKey): Promise<{ readonly ref: SegmentRef; readonly bytes: Uint8Array }> {
    const { next } = this;
    const records = await this.#columns.records.finish(0);
    const fields = await this.#columns.fields.finish(records.end);
    const structures = await this.#columns.structures.finish(fields.end);
    const pieces = (['records', 'fields', 'structures'] as const).flatMap((c) => this.#columns[c].pieces);
    const bytes = Buffer.concat([...pieces, ...this.#ids]);
    const ref = {
      key,
      first: this.#first,
      count: next - this.#first,
      live: this.#live,
      ids: structures.end,
      bytes: bytes.length,
      records,
      answers: this.#contents === 'withAnswers' ? { version: answersVersion, fields, structures } : undefined,
    };
    return { ref, bytes };
  }
}
