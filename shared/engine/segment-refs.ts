import type { BlobKey, MailboxId } from '../ids.ts';
import type { BinaryReader, BinaryWriter } from './binary.ts';
import { worked } from './pace.ts';
import type { Cluster, FrameColumn, FrameRef, SegmentRef, SettledMessages } from './segment.ts';

/** The list of header segments as a manifest holds it: frames as differences, a few bytes each. Segment by segment, sessions have their turn between. */
export async function writeMessages(out: BinaryWriter, messages: SettledMessages): Promise<void> {
  out.varint(messages.count);
  out.varint(messages.segments.length);
  for (const segment of messages.segments) {
    await worked(numbersOf(segment));
    writeSegment(out, segment);
  }
  out.list(messages.texts, ({ key, first, count, bytes }) => {
    out.string(key);
    for (const n of [first, count, bytes]) out.varint(n);
  });
  out.varint(messages.clusters.length);
  for (const { mailbox, uidNext, unfinished, parts } of messages.clusters) {
    for (const n of [mailbox, uidNext, Number(unfinished)]) out.varint(n);
    out.varint(parts.length);
    for (const { first, last, copies } of parts) {
      await worked(numbersOf(copies));
      out.varint(first);
      out.varint(last);
      writeSegment(out, copies);
    }
  }
}

/** About how many numbers say where a segment's frames are. */
function numbersOf({ records, answers }: SegmentRef): number {
  const answered = (answers?.fields.frames.length ?? 0) + (answers?.structures.frames.length ?? 0);
  return 2 * (records.frames.length + answered);
}

function writeSegment(out: BinaryWriter, segment: SegmentRef): void {
  out.string(segment.key);
  for (const n of [segment.first, segment.count, segment.live, segment.ids, segment.bytes]) out.varint(n);
  writeFrames(out, segment.records, segment.first, 0);
  const { answers } = segment;
  out.varint(answers?.version ?? 0);
  if (answers === undefined) return;
  writeFrames(out, answers.fields, segment.first, segment.records.end);
  writeFrames(out, answers.structures, segment.first, answers.fields.end);
}

function writeFrames(out: BinaryWriter, { frames, end }: FrameColumn, first: number, offset: number): void {
  let before: FrameRef = { first, offset };
  out.list(frames, (frame) => {
    out.varint(frame.first - before.first);
    out.varint(frame.offset - before.offset);
    before = frame;
  });
  out.varint(end - before.offset);
}

function readList(source: BinaryReader, first: number, offset: number): FrameRef[] {
  let before: FrameRef = { first, offset };
  return source.list(() => {
    before = { first: before.first + source.varint(), offset: before.offset + source.varint() };
    return before;
  });
}

function readFrames(source: BinaryReader, first: number, offset: number): FrameColumn {
  const frames = readList(source, first, offset);
  return { frames, end: (frames.at(-1)?.offset ?? offset) + source.varint() };
}

/** What manifests of a version know of. */
export type MessagesForm = 'withClusters' | 'withAnswers' | 'recordsOnly';

export function readMessages(source: BinaryReader, form: MessagesForm): SettledMessages {
  const count = source.varint();
  const segments = source.list(form === 'recordsOnly' ? () => readOld(source) : () => readSegment(source));
  const texts = source.list(() => ({
    key: source.string() as BlobKey,
    first: source.varint(),
    count: source.varint(),
    bytes: source.varint(),
  }));
  const clusters = form === 'withClusters' ? source.list(() => readCluster(source)) : [];
  return { count, segments, texts, clusters };
}

function readCluster(source: BinaryReader): Cluster {
  const mailbox = source.varint() as MailboxId;
  const uidNext = source.varint();
  const unfinished = source.varint() === 1;
  const parts = source.list(() => ({
    first: source.varint(),
    last: source.varint(),
    copies: readSegment(source),
  }));
  return { mailbox, uidNext, unfinished, parts };
}

function readHead(source: BinaryReader) {
  return {
    key: source.string() as BlobKey,
    first: source.varint(),
    count: source.varint(),
    live: source.varint(),
    ids: source.varint(),
    bytes: source.varint(),
  };
}

function readSegment(source: BinaryReader): SegmentRef {
  const head = readHead(source);
  const records = readFrames(source, head.first, 0);
  const version = source.varint();
  if (version === 0) return { ...head, records, answers: undefined };
  const fields = readFrames(source, head.first, records.end);
  const structures = readFrames(source, head.first, fields.end);
  return { ...head, records, answers: { version, fields, structures } };
}

/** Manifests up to version 4: the frames of records reach to the ids. */
function readOld(source: BinaryReader): SegmentRef {
  const head = readHead(source);
  return { ...head, records: { frames: readList(source, head.first, 0), end: head.ids }, answers: undefined };
}
