import { BinaryReader, BinaryWriter, CorruptData } from './binary.ts';

/** UIDs in a block that is a bitmap. */
const blockUids = 4096;
const blockBytes = blockUids / 8;
/** Ranges that take no more than this are not worth a second look, bytes. */
const smallRanges = 256;

/** Writes the bounds of ascending ranges as the smaller of ranges and bitmaps of blocks: a fragmented set costs an eighth of a byte a message. */
export function writeUidBounds(out: BinaryWriter, bounds: readonly number[]): void {
  const size = rangeBytes(bounds);
  const blocks = size > smallRanges ? encodeBlocks(bounds, size) : undefined;
  if (blocks !== undefined) {
    out.byte(1);
    out.bytes(blocks.take());
    return;
  }
  const ranges = new BinaryWriter(size);
  let previous = 0;
  for (const bound of bounds) {
    ranges.varint(bound - previous);
    previous = bound;
  }
  out.byte(0);
  out.bytes(ranges.take());
}

/** @throws CorruptData */
export function readUidBounds(source: BinaryReader): number[] {
  const form = source.byte();
  const body = new BinaryReader(source.bytes());
  if (form === 1) return decodeBlocks(body);
  if (form !== 0) throw new CorruptData(`UID set form ${form}`);
  const bounds: number[] = [];
  let bound = 0;
  while (body.left > 0) {
    bound += body.varint();
    bounds.push(bound);
  }
  if (bounds.length % 2 !== 0) throw new CorruptData('half a UID range');
  return bounds;
}

/** What ranges take as differences. */
function rangeBytes(bounds: readonly number[]): number {
  let size = 0;
  let previous = 0;
  for (const bound of bounds) {
    size++;
    for (let rest = bound - previous; rest >= 128; rest /= 128) size++;
    previous = bound;
  }
  return size;
}

/** Undefined where that takes as much as `limit`, or more. */
function encodeBlocks(bounds: readonly number[], limit: number): BinaryWriter | undefined {
  const out = new BinaryWriter();
  let previous = -1;
  let bitmap: Uint8Array | undefined;
  for (let i = 0; i < bounds.length; i += 2)
    for (let uid = bounds[i]!; uid <= bounds[i + 1]!; uid++) {
      const block = Math.floor(uid / blockUids);
      if (block !== previous) {
        if (bitmap !== undefined) out.raw(bitmap);
        if (out.length + blockBytes >= limit) return undefined;
        out.varint(block - previous - 1);
        bitmap = new Uint8Array(blockBytes);
        previous = block;
      }
      const bit = uid % blockUids;
      bitmap![bit >> 3] = bitmap![bit >> 3]! | (1 << (bit & 7));
    }
  out.raw(bitmap!);
  return out.length < limit ? out : undefined;
}

function decodeBlocks(source: BinaryReader): number[] {
  const bounds: number[] = [];
  let block = -1;
  while (source.left > 0) {
    block += source.varint() + 1;
    const bitmap = source.raw(blockBytes);
    for (let bit = 0; bit < blockUids; bit++) {
      if (!(bitmap[bit >> 3]! & (1 << (bit & 7)))) continue;
      const uid = block * blockUids + bit;
      if (bounds.at(-1) === uid - 1) bounds[bounds.length - 1] = uid;
      else bounds.push(uid, uid);
    }
  }
  return bounds;
}
