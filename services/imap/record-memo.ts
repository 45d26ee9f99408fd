import type { ByteCache } from '../../shared/engine/byte-cache.ts';
import type { MessageReader } from '../../shared/engine/message-reader.ts';

/** What was made of the records of neighbouring messages, by their place in the page, and what it weighs. */
export interface MemoPage {
  readonly values: unknown[];
  bytes: number;
}

/** Of all accounts and sessions of the process. */
export type MemoCache = ByteCache<MemoPage>;

const messagesAPage = 128;
const pageOverhead = messagesAPage * 8 + 256;
const valueOverhead = 64;
/** Of one command; the batches in which it works are smaller. */
const pagesHeld = 256;
const bytesHeld = 4 << 20;
/** What weighs more is made again. */
const heaviest = 64 << 10;

/**
 * One thing that is made of each message's record: a record never changes, so what was made once (an encoded answer, a sort key, a
 * field's folded text) serves every session and command that needs the same. `name` must say what it is and all that it depends on.
 */
export class RecordMemo<T> {
  readonly #cache: MemoCache;
  readonly #name: string;
  /** Those of this command, so that pages evicted meanwhile are not asked for again and again. */
  readonly #pages = new Map<number, MemoPage>();
  readonly #grown = new Set<number>();
  /** Of what was put and not handed over yet. */
  #bytes = 0;

  constructor(cache: MemoCache, messages: Pick<MessageReader, 'name'>, name: string) {
    this.#cache = cache;
    // A rebuilt account numbers its messages anew, in an epoch of its own.
    this.#name = `${messages.name} ${name}`;
  }

  /** By the message's number within its account; undefined where nothing is known. */
  get(no: number): T | undefined {
    return this.#page(no).values[no % messagesAPage] as T | undefined;
  }

  /** `bytes`: about what the value weighs. */
  put(no: number, value: T, bytes: number): void {
    if (bytes > heaviest) return;
    this.#bytes += bytes;
    if (this.#bytes > bytesHeld) this.keep();
    const page = this.#page(no);
    page.values[no % messagesAPage] = value;
    // What has no bytes is no object: it is in its place in the page.
    if (bytes > 0) page.bytes += bytes + valueOverhead;
    this.#grown.add(Math.floor(no / messagesAPage));
  }

  #page(no: number): MemoPage {
    const number = Math.floor(no / messagesAPage);
    let page = this.#pages.get(number);
    if (page === undefined) {
      // What a command holds is bounded too, however large the mailbox.
      if (this.#pages.size >= pagesHeld) this.keep();
      page = this.#cache.get(`${this.#name} ${number}`) ?? {
        values: [],
        bytes: pageOverhead + this.#name.length * 2,
      };
      this.#pages.set(number, page);
    }
    return page;
  }

  /** Hands what was put over to the cache, and lets go what is held. */
  keep(): void {
    for (const number of this.#grown) {
      const page = this.#pages.get(number)!;
      this.#cache.set(`${this.#name} ${number}`, page, page.bytes);
    }
    this.#grown.clear();
    this.#pages.clear();
    this.#bytes = 0;
  }
}
