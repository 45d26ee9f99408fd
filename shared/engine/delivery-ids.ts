import { hash as digest } from 'node:crypto';
import { type BinaryReader, type BinaryWriter, CorruptData } from './binary.ts';
import { worked } from './pace.ts';

/** How long a delivery's id is remembered, seconds: a duplicate that comes later is a new message. */
export const deliveryIdLifetime = 30 * 24 * 3600;

/** Bytes of a delivery id's hash: enough that two of an account never meet, and a manifest with thousands stays small. */
export const deliveryHashBytes = 12;

/** Words of 32 bits that one id takes: its hash, then its time. */
const idWords = deliveryHashBytes / 4 + 1;
const timeWord = idWords - 1;

const wordsOf = (hash: Buffer, time: number): Uint32Array => {
  const words = new Uint32Array(idWords);
  for (let i = 0; i < timeWord; i++) words[i] = hash.readUInt32BE(i * 4);
  words[timeWord] = time;
  return words;
};

/** The last one: whoever asks for an id adds it next, on each of the states that an entry passes. */
let last: { readonly id: string; readonly hash: Buffer } | undefined;

function hashOf(id: string): Buffer {
  if (last?.id !== id) last = { id, hash: digest('sha256', id, 'buffer').subarray(0, deliveryHashBytes) };
  return last.hash;
}

/** Ids that are written or read before sessions may have their turn. */
const idsAtOnce = 1024;

/** Up to this many are looked through one by one. */
const withoutIndex = 16;

/** Ids in the order of their coming. 16 bytes each, and as much again for an index once a large one was asked. */
class Generation {
  readonly #words: Uint32Array;
  /** Open addressing by the first word: places, counted from 1. */
  #index: Uint32Array | undefined;

  constructor(words: Uint32Array) {
    this.#words = words;
  }

  get size(): number {
    return this.#words.length / idWords;
  }

  /** When an id came last, or undefined. */
  timeOf(id: Uint32Array): number | undefined {
    const { size } = this;
    if (size <= withoutIndex) {
      for (let place = size - 1; place >= 0; place--) if (this.#is(place, id)) return this.#time(place);
      return undefined;
    }
    this.#index ??= this.#indexed();
    const mask = this.#index.length - 1;
    for (let at = id[0]! & mask; this.#index[at] !== 0; at = (at + 1) & mask) {
      const place = this.#index[at]! - 1;
      if (this.#is(place, id)) return this.#time(place);
    }
    return undefined;
  }

  #indexed(): Uint32Array {
    const { size } = this;
    const index = new Uint32Array(2 ** Math.ceil(Math.log2(size * 1.5)));
    const mask = index.length - 1;
    // The youngest first: of an id that came twice, its last coming counts.
    for (let place = size - 1; place >= 0; place--) {
      let at = this.#words[place * idWords]! & mask;
      while (index[at] !== 0) at = (at + 1) & mask;
      index[at] = place + 1;
    }
    return index;
  }

  #is(place: number, id: Uint32Array): boolean {
    for (let i = 0; i < timeWord; i++) if (this.#words[place * idWords + i] !== id[i]) return false;
    return true;
  }

  #time(place: number): number {
    return this.#words[place * idWords + timeWord]!;
  }

  /** Those later than a time, with `younger` behind them. */
  joined(younger: Generation, after: number): Generation {
    const words = new Uint32Array(this.#words.length + younger.#words.length);
    let count = 0;
    for (let place = 0; place < this.size; place++) {
      if (this.#time(place) <= after) continue;
      const id = this.#words.subarray(place * idWords, (place + 1) * idWords);
      // It came again: it counts where it came last.
      if (younger.timeOf(id) === undefined) words.set(id, idWords * count++);
    }
    words.set(younger.#words, idWords * count);
    return new Generation(words.slice(0, idWords * count + younger.#words.length));
  }

  /** How many are later than a time. */
  countAfter(after: number): number {
    let count = 0;
    for (let at = timeWord; at < this.#words.length; at += idWords) if (this.#words[at]! > after) count++;
    return count;
  }

  /** Writes those later than a time, in steps; times as differences from `before`. Resolves to the last time. */
  async write(out: BinaryWriter, after: number, before: number): Promise<number> {
    const { size } = this;
    let last = before;
    for (let place = 0; place < size; place++) {
      if (place % idsAtOnce === 0) await worked(Math.min(idsAtOnce, size - place) * idWords);
      const time = this.#time(place);
      if (time <= after) continue;
      for (let i = 0; i < timeWord; i++) out.word(this.#words[place * idWords + i]!);
      // Times are not quite ascending: of two entries at once the older may come second.
      out.varint(time >= last ? (time - last) * 2 : (last - time) * 2 - 1);
      last = time;
    }
    return last;
  }

  /** Hashes and times. */
  *[Symbol.iterator](): Generator<readonly [string, number]> {
    const hash = Buffer.alloc(deliveryHashBytes);
    for (let place = 0; place < this.size; place++) {
      for (let i = 0; i < timeWord; i++) hash.writeUInt32BE(this.#words[place * idWords + i]!, i * 4);
      yield [hash.toString('base64url'), this.#time(place)];
    }
  }

  /** Gives back what can be made again. */
  rest(): void {
    this.#index = undefined;
  }

  get bytes(): number {
    return this.#words.byteLength + (this.#index?.byteLength ?? 0);
  }
}

/**
 * Delivery ids, by their hashes, and when they came (seconds). Immutable: sets of doubling size, so that adding costs O(log n) on average and
 * versions share all but the youngest.
 */
export class DeliveryIds {
  static readonly empty = new DeliveryIds([]);
  /** Oldest and largest first. */
  readonly #generations: readonly Generation[];

  private constructor(generations: readonly Generation[]) {
    this.#generations = generations;
  }

  /** Writes those that still count at `now`, in the order of their coming. */
  async write(out: BinaryWriter, now: number): Promise<void> {
    const after = now - deliveryIdLifetime;
    out.varint(this.#generations.reduce((sum, generation) => sum + generation.countAfter(after), 0));
    let last = 0;
    for (const generation of this.#generations) last = await generation.write(out, after, last);
  }

  /** Reads what `write` wrote. */
  static read(source: BinaryReader): DeliveryIds {
    const count = source.varint();
    if (count > source.left) throw new CorruptData('more ids than bytes');
    if (count === 0) return DeliveryIds.empty;
    const words = new Uint32Array(count * idWords);
    let time = 0;
    for (let at = 0; at < words.length; at += idWords) {
      for (let i = 0; i < timeWord; i++) words[at + i] = source.word();
      const step = source.varint();
      time += step % 2 === 0 ? step / 2 : -(step + 1) / 2;
      words[at + timeWord] = time;
    }
    return new DeliveryIds([new Generation(words)]);
  }

  /** `now`: the time of the entry that asks, so that every replay answers alike. */
  has(id: string, now: number): boolean {
    const words = wordsOf(hashOf(id), now);
    return this.#generations.some((generation) => {
      const time = generation.timeOf(words);
      return time !== undefined && time > now - deliveryIdLifetime;
    });
  }

  add(id: string, now: number): DeliveryIds {
    const generations = this.#generations.slice();
    let young = new Generation(wordsOf(hashOf(id), now));
    for (
      let last = generations.at(-1);
      last !== undefined && last.size <= young.size;
      last = generations.at(-1)
    ) {
      generations.pop();
      young = last.joined(young, now - deliveryIdLifetime);
    }
    return new DeliveryIds([...generations, young]);
  }

  /** Hashes of those that still count at `now`, in the order of their coming. */
  *live(now: number): Generator<readonly [string, number]> {
    for (const generation of this.#generations)
      for (const [id, time] of generation) if (time > now - deliveryIdLifetime) yield [id, time];
  }

  /** Gives back what can be made again. */
  rest(): void {
    for (const generation of this.#generations) generation.rest();
  }

  get bytes(): number {
    return this.#generations.reduce((sum, generation) => sum + generation.bytes, 0);
  }
}
