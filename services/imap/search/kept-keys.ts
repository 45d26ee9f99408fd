import type { MessageReader } from '../../../shared/engine/message-reader.ts';
import type { MemoCache } from '../record-memo.ts';

const messagesAPage = 1024;
const pageBytes = messagesAPage * 8 + 64;

/** A number for each of an account's messages, as far as it is known. */
class MessageNumbers {
  readonly #pages = new Map<number, Float64Array>();
  #last: Float64Array | undefined;
  #lastNumber = -1;

  get bytes(): number {
    return this.#pages.size * pageBytes;
  }

  /** By the message's number; NaN where nothing is known. */
  get(no: number): number {
    const page = this.#page(no);
    return page === undefined ? Number.NaN : page[no % messagesAPage]!;
  }

  set(no: number, value: number): void {
    let page = this.#page(no);
    if (page === undefined) {
      page = new Float64Array(messagesAPage).fill(Number.NaN);
      this.#pages.set(this.#lastNumber, page);
      this.#last = page;
    }
    page[no % messagesAPage] = value;
  }

  #page(no: number): Float64Array | undefined {
    const number = Math.floor(no / messagesAPage);
    if (number !== this.#lastNumber) {
      this.#lastNumber = number;
      this.#last = this.#pages.get(number);
    }
    return this.#last;
  }
}

/**
 * One sort key of the messages of an account, as far as it was asked for: made once from each record and kept as a number, by which
 * messages are compared. Of texts that is their rank among all that are known, so that a SORT sorts whole numbers.
 */
export class KeptKeys {
  /** The key itself, or the id of a text. */
  readonly #keys = new MessageNumbers();
  readonly #ids = new Map<string, number>();
  readonly #texts: string[] = [];
  /** Ids in the order of their texts, and the place of each; those that came since are not among them. */
  #inOrder: readonly number[] = [];
  #ranks = new Uint32Array(0);
  #textBytes = 0;

  get bytes(): number {
    return this.#keys.bytes + this.#textBytes + 256;
  }

  has(no: number): boolean {
    return !Number.isNaN(this.#keys.get(no));
  }

  put(no: number, key: string | number): void {
    this.#keys.set(no, typeof key === 'number' ? key : this.#idOf(key));
  }

  #idOf(text: string): number {
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#texts.push(text) - 1;
      this.#ids.set(text, id);
      this.#textBytes += text.length * 2 + 96;
    }
    return id;
  }

  /** The number by which a message is compared. Call `rank` first, in the same turn. */
  number(no: number): number {
    const key = this.#keys.get(no);
    return this.#texts.length === 0 ? key : this.#ranks[key]!;
  }

  /** Gives new texts their places: only they are sorted, and joined with the others. */
  rank(): void {
    const texts = this.#texts;
    const known = this.#inOrder;
    if (known.length === texts.length) return;
    const fresh = Array.from({ length: texts.length - known.length }, (_, i) => known.length + i);
    fresh.sort((a, b) => (texts[a]! < texts[b]! ? -1 : 1));
    const order: number[] = [];
    const ranks = new Uint32Array(texts.length);
    for (let i = 0, j = 0; i < known.length || j < fresh.length; ) {
      const first = j >= fresh.length || (i < known.length && texts[known[i]!]! < texts[fresh[j]!]!);
      const id = first ? known[i++]! : fresh[j++]!;
      ranks[id] = order.push(id) - 1;
    }
    this.#inOrder = order;
    this.#ranks = ranks;
  }
}

/** What is kept of a key for an account; `name` says which. */
export function keptKeys(cache: MemoCache, messages: Pick<MessageReader, 'name'>, name: string) {
  // A rebuilt account numbers its messages anew, in an epoch of its own.
  const key = `${messages.name} sort ${name}`;
  const keys = (cache.get(key)?.values[0] as KeptKeys | undefined) ?? new KeptKeys();
  return {
    keys,
    /** Hands over what was added. */
    keep: () => cache.set(key, { values: [keys], bytes: keys.bytes }, keys.bytes),
  };
}
