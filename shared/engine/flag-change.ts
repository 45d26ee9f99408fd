import type { ModSeq } from '../ids.ts';
import type { FlagColumn, ModSeqColumn } from './chunk-columns.ts';
import type { FlagTable } from './flag-table.ts';
import { type Chunk, runs } from './rows.ts';
import { UidCollector, type UidSet } from './uid-set.ts';

/** What a change makes of each set of flags, and what has come of it so far. */
export class FlagChange {
  /** With all sets that the change makes. */
  readonly flags: FlagTable;
  readonly #modSeq: ModSeq;
  /** By the id of the set before: the one after, and what that adds to the counts of messages without \Seen and with \Deleted. */
  readonly #after: Int32Array;
  readonly #unseenBy: Int8Array;
  readonly #deletedBy: Int8Array;
  readonly #changed = new UidCollector();
  #unseen = 0;
  #deleted = 0;

  /**
   * `change` maps the flags of a message to new ones; it is asked once for each set of flags that the messages of `uids` have. The mod-sequence
   * is given to those that change; `before` is the table that the chunks were written with.
   */
  constructor(
    chunks: readonly Chunk[],
    uids: UidSet,
    before: FlagTable,
    modSeq: ModSeq,
    change: (table: FlagTable, flags: readonly string[]) => readonly string[],
  ) {
    this.#modSeq = modSeq;
    this.#after = new Int32Array(before.size).fill(-1);
    this.#unseenBy = new Int8Array(before.size);
    this.#deletedBy = new Int8Array(before.size);
    let table = before;
    for (const id of idsOf(chunks, uids, before.size)) {
      const had = table.set(id);
      const interned = table.intern(change(table, had.flags));
      table = interned.table;
      const has = table.set(interned.id);
      this.#after[id] = interned.id;
      this.#unseenBy[id] = Number(had.seen) - Number(has.seen);
      this.#deletedBy[id] = Number(has.deleted) - Number(had.deleted);
    }
    this.flags = table;
  }

  /** Messages whose flags have changed. */
  get changed(): UidSet {
    return this.#changed.set;
  }

  /** What was added to the count of messages without \Seen. */
  get unseen(): number {
    return this.#unseen;
  }

  /** What was added to the count of messages with \Deleted. */
  get deleted(): number {
    return this.#deleted;
  }

  /** The flags that a message of the set has now, one for each set of flags. */
  *results(): Generator<readonly string[]> {
    for (const id of this.#after) if (id >= 0) yield this.flags.set(id).flags;
  }

  /** The chunk with other marks; the same where nothing changes. Chunks are taken in their order. */
  apply(chunk: Chunk, uids: UidSet): Chunk {
    let marks: Chunk['marks'] | undefined;
    let unseen = 0;
    for (const [from, to] of runs(chunk, uids)) {
      const { flags } = chunk.marks;
      let first = from;
      // Neighbours mostly have the same flags: what is found of one holds for all of them.
      for (let start = from, end = from; start < to; start = end) {
        const before = flags[start]!;
        while (end < to && flags[end] === before) end++;
        const after = this.#after[before]!;
        if (after === before) {
          this.#changed.addRows(chunk.fixed.uid, first, start);
          first = end;
          continue;
        }
        marks ??= chunk.marks.copy(chunk.length, chunk.fixed.uid.length, this.flags.size, this.#modSeq);
        write(marks.flags, after, start, end);
        write(marks.modSeq, this.#modSeq, start, end);
        unseen += this.#unseenBy[before]! * (end - start);
        this.#deleted += this.#deletedBy[before]! * (end - start);
      }
      this.#changed.addRows(chunk.fixed.uid, first, to);
    }
    if (marks === undefined) return chunk;
    this.#unseen += unseen;
    return { ...chunk, marks, unseen: chunk.unseen + unseen, maxModSeq: this.#modSeq };
  }
}

/** From here on a call costs less than a loop. */
const longStretch = 24;

function write(column: ModSeqColumn | FlagColumn, value: number, from: number, to: number): void {
  if (to - from >= longStretch) column.fill(value, from, to);
  else for (let i = from; i < to; i++) column[i] = value;
}

/** Ids of the sets of flags that messages of a set have, in the order in which they are met. */
function idsOf(chunks: readonly Chunk[], uids: UidSet, most: number): number[] {
  const met = new Uint8Array(most);
  const ids: number[] = [];
  for (const chunk of chunks)
    for (const [from, to] of runs(chunk, uids)) {
      const { flags } = chunk.marks;
      for (let i = from; i < to; i++) {
        const id = flags[i]!;
        if (met[id] === 1) continue;
        met[id] = 1;
        ids.push(id);
      }
    }
  return ids;
}
