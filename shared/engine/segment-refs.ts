import type { BlobKey } from '../ids.ts';
import type { BinaryReader, BinaryWriter } from './binary.ts';
import type { FrameRef, SegmentRef, SettledMessages } from './segment.ts';

/** The list of header segments as a manifest holds it: frames as differences, a few bytes each. */
export function writeMessages(out: BinaryWriter, messages: SettledMessages): void {
  out.varint(messages.count);
  out.list(messages.segments, (segment) => {
    out.string(segment.key);
    for (const n of [segment.first, segment.count, segment.live, segment.ids, segment.bytes]) out.varint(n);
    let before: FrameRef = { first: segment.first, offset: 0 };
    out.list(segment.frames, (frame) => {
      out.varint(frame.first - before.first);
      out.varint(frame.offset - before.offset);
      before = frame;
    });
  });
  out.list(messages.texts, ({ key, first, count, bytes }) => {
    out.string(key);
    for (const n of [first, count, bytes]) out.varint(n);
  });
}

export function readMessages(source: BinaryReader): SettledMessages {
  const count = source.varint();
  const segments = source.list((): SegmentRef => {
    const key = source.string() as BlobKey;
    const first = source.varint();
    const numbers = {
      count: source.varint(),
      live: source.varint(),
      ids: source.varint(),
      bytes: source.varint(),
    };
    let before: FrameRef = { first, offset: 0 };
    const frames = source.list(() => {
      before = { first: before.first + source.varint(), offset: before.offset + source.varint() };
      return before;
    });
    return { key, first, ...numbers, frames };
  });
  const texts = source.list(() => ({
    key: source.string() as BlobKey,
    first: source.varint(),
    count: source.varint(),
    bytes: source.varint(),
  }));
  return { count, segments, texts };
}
