import { zstdDecompressSync } from 'node:zlib';
import { BinaryReader } from '../../shared/engine/binary.ts';
import { decodeEntry } from '../../shared/engine/entry.ts';
import { decodeFrame } from '../../shared/engine/frame.ts';
import type { Mailbox } from '../../shared/engine/mailbox.ts';
import type { Operation } from '../../shared/engine/operation.ts';
import { decodeOperations } from '../../shared/engine/operation-codec.ts';
import { frameEnd, type SegmentRef } from '../../shared/engine/segment.ts';
import { decodeManifest } from '../../shared/engine/snapshot.ts';
import type { SectionRef } from '../../shared/engine/stored-rows.ts';
import { type BlobKey, kindOfKey, type LogPosition } from '../../shared/ids.ts';
import type { Recording } from './recording.ts';

/** The codec of records behind whose sizes the number of a dictionary stands. */
const withDictionary = 2;

/**
 * The formats that a recording's bytes have. A version stands in the bytes themselves, mostly in front, and is read from them as they are
 * stored: what the engine makes of them says nothing of how they lie there.
 */
export class Forms {
  /** Names of formats, each with the versions that occur. */
  readonly versions = new Map<string, Set<string>>();
  readonly operations = new Set<Operation['kind']>();
  readonly #objects: Recording['objects'];

  constructor({ objects, first, rebuilt }: Recording) {
    this.#objects = objects;
    for (const bytes of [...first.entries, ...(rebuilt?.entries ?? [])]) this.#noteEntry(bytes);
    for (const [key, bytes] of objects)
      if (['x', 'r'].includes(kindOfKey(key))) this.#noteManifest(kindOfKey(key), bytes);
  }

  /** Each format with each of its versions. */
  get all(): readonly string[] {
    return [...this.versions].flatMap(([name, versions]) => [...versions].map((v) => `${name}: ${v}`));
  }

  #note(name: string, version: number | string | undefined): void {
    const versions = this.versions.get(name) ?? new Set();
    this.versions.set(name, versions.add(String(version)));
  }

  #noteEntry(bytes: Uint8Array): void {
    const source = new BinaryReader(bytes);
    const version = source.byte();
    this.#note('entry', version);
    this.#note('rules of an entry', source.varint());
    const { body } = decodeEntry(0 as LogPosition, bytes);
    // What has no version of its own changes with the entry's.
    this.#note(`operations, ${body.kind}`, version);
    const operations = body.kind === 'inline' ? body.bytes : this.#objects.get(body.key)!;
    for (const operation of decodeOperations(operations)) {
      this.operations.add(operation.kind);
      if (operation.kind === 'append') this.#noteRecord('record in an entry', operation.message.record);
    }
    this.#noteUidSet(operations, version);
  }

  /** That of the first operation, where it has one: behind its kind and its mailbox. */
  #noteUidSet(operations: Uint8Array, version: number): void {
    const [first] = decodeOperations(operations);
    if (first === undefined || !('uids' in first)) return;
    const source = new BinaryReader(operations);
    source.varint();
    source.byte();
    source.varint();
    this.#note(`UID set, form ${source.byte()}`, version);
  }

  /** See shared/message/record-codec.ts. */
  #noteRecord(where: string, bytes: Uint8Array): void {
    const source = new BinaryReader(bytes);
    const [version, codec] = [source.byte(), source.byte()];
    for (let sizes = codec === withDictionary ? 2 : 0; sizes > 0; sizes--) source.varint();
    const dictionary = codec === withDictionary ? `, dictionary ${source.varint()}` : '';
    this.#note(`${where}, codec ${codec}`, `${version}${dictionary}`);
  }

  #noteManifest(kind: string, packed: Uint8Array): void {
    const source = new BinaryReader(zstdDecompressSync(packed));
    this.#note(`manifest '${kind}'`, source.byte());
    this.#note('rules of a manifest', source.varint());
    const { state, messages } = decodeManifest(packed);
    for (const mailbox of state.mailboxes) this.#noteMailbox('', mailbox);
    for (const { mailbox } of state.removedMailboxes) this.#noteMailbox(' of a removed mailbox', mailbox);
    for (const segment of messages.segments) this.#noteSegment(' in a segment', segment);
    for (const { parts } of messages.clusters)
      for (const { copies } of parts) this.#noteSegment(' in copies', copies);
    for (const { key } of messages.texts) this.#noteFirstByte('signatures of texts', key);
  }

  #noteMailbox(of: string, { rows, history }: Mailbox): void {
    const note = (name: string, { object, start }: SectionRef) =>
      this.#noteFirstByte(`${name}${of}`, object, start);
    const sections = rows.stored?.sections ?? [];
    for (const [i, section] of sections.entries())
      note(i === 0 ? 'rows' : 'rows that change older ones', section);
    for (const section of history.stored?.sections ?? []) note('history', section);
  }

  #noteSegment(where: string, { key, records, answers }: SegmentRef): void {
    const bytes = this.#objects.get(key);
    // Of an older snapshot, some are deleted already.
    if (bytes === undefined) return;
    for (const [i, { offset }] of records.frames.entries()) {
      const frame = decodeFrame(bytes.subarray(offset, frameEnd(records, i)));
      for (let n = 0; n < frame.count; n++)
        if (frame.item(n)!.length > 0) this.#noteRecord(`record${where}`, frame.item(n)!);
    }
    if (answers !== undefined) this.#note(`answers${where}`, answers.version);
  }

  #noteFirstByte(name: string, key: BlobKey, at = 0): void {
    const bytes = this.#objects.get(key);
    if (bytes !== undefined) this.#note(name, bytes[at]);
  }
}
