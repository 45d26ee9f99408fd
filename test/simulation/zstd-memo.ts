interface Pair {
  readonly options: object | undefined;
  readonly plain: Uint8Array;
  readonly packed: Uint8Array;
}

/** Few bytes that mostly differ where the whole does. */
function markOf(bytes: Uint8Array): number {
  let mark = bytes.length;
  for (let i = Math.max(0, bytes.length - 48); i < bytes.length; i++)
    mark = (Math.imul(mark, 31) + bytes[i]!) | 0;
  return mark;
}

class Pairs {
  readonly #lists = new Map<number, Pair[]>();

  find(bytes: Uint8Array, is: (pair: Pair) => boolean): Pair | undefined {
    return this.#lists.get(markOf(bytes))?.find(is);
  }

  add(bytes: Uint8Array, pair: Pair): void {
    const mark = markOf(bytes);
    const list = this.#lists.get(mark);
    if (list === undefined) this.#lists.set(mark, [pair]);
    else list.push(pair);
  }
}

/**
 * What was packed and unpacked in one run: many processes read the same objects, and a repeated delivery is packed again. Whole inputs are
 * compared, and everybody gets a copy.
 */
export class ZstdMemo {
  readonly #byPlain = new Pairs();
  readonly #byPacked = new Pairs();

  pack(plain: Uint8Array, options: object | undefined, work: () => Uint8Array): Uint8Array {
    const known = this.#byPlain.find(
      plain,
      (pair) => pair.options === options && Buffer.compare(pair.plain, plain) === 0,
    );
    if (known !== undefined) return Buffer.from(known.packed);
    const packed = work();
    const pair = { options, plain: Uint8Array.from(plain), packed: Uint8Array.from(packed) };
    this.#byPlain.add(plain, pair);
    this.#byPacked.add(packed, pair);
    return packed;
  }

  unpack(packed: Uint8Array, most: number, work: () => Uint8Array): Uint8Array {
    const known = this.#byPacked.find(packed, (pair) => Buffer.compare(pair.packed, packed) === 0);
    if (known !== undefined && known.plain.length <= most) return Buffer.from(known.plain);
    const plain = work();
    if (known === undefined)
      this.#byPacked.add(packed, {
        options: undefined,
        plain: Uint8Array.from(plain),
        packed: Uint8Array.from(packed),
      });
    return plain;
  }
}
