import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { BinaryReader, BinaryWriter } from './binary.ts';
import { type ColumnKind, readColumn, writeColumn } from './columns.ts';

/**
 * The columns of a chunk, which its versions share. They rest packed, at a quarter of their size or less, while nobody looks at
 * them, and unpack by themselves when somebody does: 512 rows in some ten microseconds.
 */

export type FlagColumn = Uint16Array | Uint32Array;
export type ModSeqColumn = Uint32Array | Float64Array;
type Column = FlagColumn | ModSeqColumn;

const narrowFlags = 0xffff;
const narrowModSeq = 0xffff_ffff;

export const flagColumn = (length: number, highest: number): FlagColumn =>
  highest <= narrowFlags ? new Uint16Array(length) : new Uint32Array(length);

export const modSeqColumn = (length: number, highest: number): ModSeqColumn =>
  highest <= narrowModSeq ? new Uint32Array(length) : new Float64Array(length);

/** How much smaller packed columns must be to be worth it. */
const worthwhile = 0.75;

interface Packed {
  readonly bytes: Uint8Array;
  readonly rows: number;
}

/** Columns as bytes; undefined where that saves little. */
function pack(columns: readonly (readonly [Column, ColumnKind])[], rows: number): Packed | undefined {
  const out = new BinaryWriter(rows * 12 + 64);
  for (const [column, kind] of columns) writeColumn(out, rows, (i) => column[i]!, kind);
  const bytes = zstdCompressSync(out.take());
  const open = columns.reduce((sum, [column]) => sum + column.BYTES_PER_ELEMENT * rows, 0);
  // A copy: what the compressor returns lies in a larger buffer.
  return bytes.length > open * worthwhile ? undefined : { bytes: Uint8Array.from(bytes), rows };
}

function unpack<C extends Column>(source: BinaryReader, column: C, kind: ColumnKind): C {
  readColumn(source, column.length, kind, (i, value) => {
    column[i] = value;
  });
  return column;
}

interface FixedArrays {
  readonly uid: Uint32Array;
  /** Bytes. */
  readonly size: Uint32Array;
  /** INTERNALDATE, seconds since 1970. */
  readonly internalDate: Uint32Array;
  /** When the message came into this mailbox (SAVEDATE, RFC 8514), seconds since 1970. */
  readonly saveDate: Uint32Array;
  /** MessageNo: which message this is. */
  readonly message: Uint32Array;
}

/** What never changes about a message in a mailbox. `used` rows are taken. */
export class FixedColumns implements FixedArrays {
  used: number;
  #open: FixedArrays | undefined;
  #packed: Packed | undefined;
  /** UIDs of the first and the last row while packed. */
  #first = 0;
  #last = 0;

  constructor(open: FixedArrays, used: number) {
    this.#open = open;
    this.used = used;
  }

  static ofCapacity(capacity: number): FixedColumns {
    return new FixedColumns(
      {
        uid: new Uint32Array(capacity),
        size: new Uint32Array(capacity),
        internalDate: new Uint32Array(capacity),
        saveDate: new Uint32Array(capacity),
        message: new Uint32Array(capacity),
      },
      0,
    );
  }

  get uid(): Uint32Array {
    return (this.#open ?? this.#unpack()).uid;
  }
  get size(): Uint32Array {
    return (this.#open ?? this.#unpack()).size;
  }
  get internalDate(): Uint32Array {
    return (this.#open ?? this.#unpack()).internalDate;
  }
  get saveDate(): Uint32Array {
    return (this.#open ?? this.#unpack()).saveDate;
  }
  get message(): Uint32Array {
    return (this.#open ?? this.#unpack()).message;
  }

  /** The UID of a row; of the first and the last one also while the columns rest. */
  uidAt(row: number): number {
    if (this.#open === undefined) {
      if (row === 0) return this.#first;
      if (row === this.#packed!.rows - 1) return this.#last;
    }
    return this.uid[row]!;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#packed?.bytes.length ?? this.#open!.uid.length * 20;
  }

  rest(): void {
    if (this.#open === undefined) return;
    const { uid, size, internalDate, saveDate, message } = this.#open;
    this.#packed = pack(
      [
        [uid, 'ascending'],
        [message, 'wandering'],
        [internalDate, 'wandering'],
        [saveDate, 'wandering'],
        [size, 'plain'],
      ],
      this.used,
    );
    if (this.#packed === undefined) return;
    this.#first = uid[0]!;
    this.#last = uid[this.used - 1]!;
    this.#open = undefined;
  }

  #unpack(): FixedArrays {
    const { bytes, rows } = this.#packed!;
    const source = new BinaryReader(zstdDecompressSync(bytes));
    const uid = unpack(source, new Uint32Array(rows), 'ascending');
    const message = unpack(source, new Uint32Array(rows), 'wandering');
    const internalDate = unpack(source, new Uint32Array(rows), 'wandering');
    const saveDate = unpack(source, new Uint32Array(rows), 'wandering');
    const size = unpack(source, new Uint32Array(rows), 'plain');
    this.#open = { uid, size, internalDate, saveDate, message };
    this.#packed = undefined;
    return this.#open;
  }
}

interface MarkArrays {
  /** Ids in the account's FlagTable. */
  readonly flags: FlagColumn;
  readonly modSeq: ModSeqColumn;
}

/** What flag changes touch; a change of flags copies only these. Wide columns come where numbers outgrow the narrow ones. */
export class MarkColumns implements MarkArrays {
  used: number;
  readonly #wide: { readonly flags: boolean; readonly modSeq: boolean };
  #open: MarkArrays | undefined;
  #packed: Packed | undefined;

  constructor(open: MarkArrays, used: number) {
    this.#open = open;
    this.used = used;
    this.#wide =
      widths[(open.flags instanceof Uint32Array ? 2 : 0) + (open.modSeq instanceof Float64Array ? 1 : 0)]!;
  }

  /** `flags` and `modSeq`: the highest that will stand in them. */
  static ofCapacity(capacity: number, flags: number, modSeq: number): MarkColumns {
    return new MarkColumns({ flags: flagColumn(capacity, flags), modSeq: modSeqColumn(capacity, modSeq) }, 0);
  }

  get flags(): FlagColumn {
    return (this.#open ?? this.#unpack()).flags;
  }
  get modSeq(): ModSeqColumn {
    return (this.#open ?? this.#unpack()).modSeq;
  }

  fits(flags: number, modSeq: number): boolean {
    return (flags <= narrowFlags || this.#wide.flags) && (modSeq <= narrowModSeq || this.#wide.modSeq);
  }

  /** The first rows in columns of their own, wide enough for what will stand in them. */
  copy(length: number, capacity: number, flags: number, modSeq: number): MarkColumns {
    const copy = MarkColumns.ofCapacity(
      capacity,
      this.#wide.flags ? Number.POSITIVE_INFINITY : flags,
      this.#wide.modSeq ? Number.POSITIVE_INFINITY : modSeq,
    );
    copy.flags.set(this.flags.subarray(0, length));
    copy.modSeq.set(this.modSeq.subarray(0, length));
    copy.used = length;
    return copy;
  }

  /** Bytes held. */
  get bytes(): number {
    if (this.#packed !== undefined) return this.#packed.bytes.length;
    const { flags, modSeq } = this.#open!;
    return flags.length * (flags.BYTES_PER_ELEMENT + modSeq.BYTES_PER_ELEMENT);
  }

  rest(): void {
    if (this.#open === undefined) return;
    this.#packed = pack(
      [
        [this.#open.flags, 'plain'],
        [this.#open.modSeq, 'wandering'],
      ],
      this.used,
    );
    if (this.#packed !== undefined) this.#open = undefined;
  }

  #unpack(): MarkArrays {
    const { bytes, rows } = this.#packed!;
    const source = new BinaryReader(zstdDecompressSync(bytes));
    const flags = unpack(source, this.#wide.flags ? new Uint32Array(rows) : new Uint16Array(rows), 'plain');
    const modSeq = unpack(
      source,
      this.#wide.modSeq ? new Float64Array(rows) : new Uint32Array(rows),
      'wandering',
    );
    this.#open = { flags, modSeq };
    this.#packed = undefined;
    return this.#open;
  }
}

const widths = [
  { flags: false, modSeq: false },
  { flags: false, modSeq: true },
  { flags: true, modSeq: false },
  { flags: true, modSeq: true },
] as const;
