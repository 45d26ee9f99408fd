import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import type { BinaryReader, BinaryWriter } from './binary.ts';
import { CorruptData } from './binary.ts';

/** Columns of whole numbers in stored objects: differences as planes of bytes, so that what is alike compresses to almost nothing. */

export const compress = promisify(zstdCompress) as (bytes: Uint8Array) => Promise<Uint8Array>;
export const decompress = promisify(zstdDecompress) as (bytes: Uint8Array) => Promise<Uint8Array>;

/** How a column's numbers relate to those before them. */
export type ColumnKind = 'plain' | 'ascending' | 'wandering';

const zigzag = (n: number): number => (n < 0 ? -n * 2 - 1 : n * 2);
const zagzig = (n: number): number => (n % 2 === 0 ? n / 2 : -(n + 1) / 2);

/** Writes numbers from 0 to 2^52 - 1: how many bytes each needs, then their lowest bytes, then the next ones, and so on. */
export function writeColumn(
  out: BinaryWriter,
  length: number,
  at: (i: number) => number,
  kind: ColumnKind,
): void {
  const values = new Float64Array(length);
  let before = 0;
  let highest = 0;
  for (let i = 0; i < length; i++) {
    const value = at(i);
    const written = kind === 'plain' ? value : kind === 'ascending' ? value - before : zigzag(value - before);
    values[i] = written;
    before = value;
    if (written > highest) highest = written;
  }
  let width = 0;
  while (width < 7 && 256 ** width <= highest) width++;
  out.byte(width);
  for (let plane = 0; plane < width; plane++) {
    const bytes = new Uint8Array(length);
    if (width <= 4) for (let i = 0; i < length; i++) bytes[i] = values[i]! >>> (plane * 8);
    else for (let i = 0; i < length; i++) bytes[i] = Math.floor(values[i]! / 256 ** plane) % 256;
    out.raw(bytes);
  }
}

/** Reads what `writeColumn` wrote, into `set`, in order. */
export function readColumn(
  source: BinaryReader,
  length: number,
  kind: ColumnKind,
  set: (i: number, value: number) => void,
): void {
  const width = source.byte();
  if (width > 7) throw new CorruptData(`column of ${width} bytes`);
  const bytes = source.raw(width * length);
  let before = 0;
  for (let i = 0; i < length; i++) {
    let written = 0;
    for (let plane = width - 1; plane >= 0; plane--) written = written * 256 + bytes[plane * length + i]!;
    before = kind === 'plain' ? written : kind === 'ascending' ? before + written : before + zagzig(written);
    set(i, before);
  }
}
