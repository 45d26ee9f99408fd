import type { Mailbox } from '../../shared/engine/mailbox.ts';
import { type Chunk, runs } from '../../shared/engine/rows.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';

/** Neighbouring rows of a chunk that POP3 shows, numbered without a gap. */
interface Span {
  readonly chunk: Chunk;
  /** Rows `[from, to)`. */
  readonly from: number;
  readonly to: number;
  /** Number, in the maildrop, of the row at `from`. */
  readonly first: number;
}

export interface Drop {
  readonly number: number;
  readonly uid: number;
  /** Octets, as stored. */
  readonly size: number;
  /** MessageNo: which message of the account this is. */
  readonly message: number;
}

/**
 * RFC 1939's maildrop: INBOX as it was at sign-in, without what the account hides from POP3. Numbers and contents stay as they are for the
 * whole session, whatever others do meanwhile. Shares the mailbox's rows; costs next to nothing to make, at any size.
 */
export class Maildrop {
  readonly mailbox: Mailbox;
  readonly #spans: readonly Span[];
  /** Messages in it, and their octets together, marked as deleted or not. */
  readonly total: number;
  readonly #totalOctets: number;
  #octets: number;
  #count: number;
  /** A bit a message, made when the first is marked. */
  #deleted: Uint8Array | undefined;
  readonly #retrieved = new Set<number>();

  constructor(mailbox: Mailbox) {
    this.mailbox = mailbox;
    const spans: Span[] = [];
    let first = 1;
    let octets = mailbox.bytes;
    const add = (chunk: Chunk, from: number, to: number) => {
      if (from === to) return;
      spans.push({ chunk, from, to, first });
      first += to - from;
    };
    for (const chunk of mailbox.chunks) {
      let at = 0;
      for (const [from, to] of runs(chunk, mailbox.hiddenFromPop3)) {
        for (let i = from; i < to; i++) octets -= chunk.fixed.size[i]!;
        add(chunk, at, from);
        at = to;
      }
      add(chunk, at, chunk.length);
    }
    this.#spans = spans;
    this.total = first - 1;
    this.#count = this.total;
    this.#totalOctets = octets;
    this.#octets = octets;
  }

  /** Messages that are not marked as deleted, and their octets together: what STAT says. */
  get count(): number {
    return this.#count;
  }

  get octets(): number {
    return this.#octets;
  }

  /** The message of a number, or undefined where there is none or it is marked as deleted. */
  at(number: number): Drop | undefined {
    if (!Number.isInteger(number) || number < 1 || number > this.total || this.#isDeleted(number))
      return undefined;
    let low = 0;
    let high = this.#spans.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#spans[middle]!.first <= number) low = middle;
      else high = middle - 1;
    }
    const { chunk, from, first } = this.#spans[low]!;
    return dropAt(chunk, from + number - first, number);
  }

  /** Those that are not marked as deleted, in order. */
  *[Symbol.iterator](): Generator<Drop> {
    for (const { chunk, from, to, first } of this.#spans)
      for (let i = from; i < to; i++) {
        const number = first + i - from;
        if (!this.#isDeleted(number)) yield dropAt(chunk, i, number);
      }
  }

  delete(drop: Drop): void {
    this.#deleted ??= new Uint8Array((this.total >> 3) + 1);
    this.#deleted[drop.number >> 3]! |= 1 << (drop.number & 7);
    this.#count--;
    this.#octets -= drop.size;
  }

  /** RSET: nothing is marked any more, at the same cost however many there are. What was retrieved stays so. */
  reset(): void {
    this.#count = this.total;
    this.#octets = this.#totalOctets;
    this.#deleted = undefined;
  }

  /** Notes that the client has got the whole message. */
  retrieved(drop: Drop): void {
    this.#retrieved.add(drop.uid);
  }

  get deletedUids(): UidSet {
    return UidSet.of(Array.from(this.#deletedDrops(), (drop) => drop.uid));
  }

  get retrievedUids(): UidSet {
    return UidSet.of([...this.#retrieved].sort((a, b) => a - b));
  }

  *#deletedDrops(): Generator<Drop> {
    if (this.#deleted === undefined) return;
    for (const { chunk, from, to, first } of this.#spans)
      for (let i = from; i < to; i++)
        if (this.#isDeleted(first + i - from)) yield dropAt(chunk, i, first + i - from);
  }

  #isDeleted(number: number): boolean {
    return this.#deleted !== undefined && (this.#deleted[number >> 3]! & (1 << (number & 7))) !== 0;
  }
}

const dropAt = ({ fixed }: Chunk, i: number, number: number): Drop => ({
  number,
  uid: fixed.uid[i]!,
  size: fixed.size[i]!,
  message: fixed.message[i]!,
});
