import type { FramePlace } from './frame-reader.ts';
import { ObjectGone } from './object-gone.ts';
import { type Column, columnOf, type FrameRef, frameEnd, type SegmentRef } from './segment.ts';

/** The segment that holds a message. @throws ObjectGone where none does */
export function segmentOf(segments: readonly SegmentRef[], no: number): SegmentRef {
  const segment = segments[lastAtOrBelow(segments, no)];
  if (segment === undefined || no >= segment.first + segment.count)
    throw new ObjectGone(`message ${no} is in no segment`);
  return segment;
}

/** The frame of a segment that holds a message; undefined where the segment has no such column. */
export function placeIn(segment: SegmentRef, no: number, name: Column): FramePlace | undefined {
  const column = columnOf(segment, name);
  if (column === undefined) return undefined;
  const frame = lastAtOrBelow(column.frames, no);
  const next = column.frames[frame + 1]?.first ?? segment.first + segment.count;
  return { key: segment.key, column, frame, first: column.frames[frame]!.first, next };
}

/** Index of the last item that begins at or below a number; -1 where none does. */
export function lastAtOrBelow(items: readonly { readonly first: number }[], no: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (items[middle]!.first <= no) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** How many times more than it needs a mailbox may read before its messages are put together. */
const readTooMuch = 3;

/** What it takes to read some messages: the frames in which they lie, each as a whole, and how much of those is theirs. Bytes as stored. */
export class Reading {
  readonly #frames = new Set<FrameRef>();
  /** Neighbours are mostly in one frame. */
  #last: FrameRef | undefined;
  #read = 0;
  #needed = 0;

  /** Takes in one message. */
  add({ column, frame, first, next }: FramePlace): void {
    const ref = column.frames[frame]!;
    const bytes = frameEnd(column, frame) - ref.offset;
    this.#needed += bytes / (next - first);
    if (ref === this.#last || this.#frames.has(ref)) return;
    this.#frames.add(ref);
    this.#last = ref;
    this.#read += bytes;
  }

  /**
   * Whether too much is read: three times what is needed, and so many bytes more. `needed`: of all that is to be read, where these are only
   * those of it that lie scattered.
   */
  isScattered(bytes: number, needed = this.#needed): boolean {
    return this.#read - this.#needed > Math.max(bytes, (readTooMuch - 1) * needed);
  }
}
