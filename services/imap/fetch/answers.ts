import type { Account } from '../../../shared/engine/account.ts';
import type { ByteCache } from '../../../shared/engine/byte-cache.ts';
import type { FetchItem } from '../../../shared/imap/fetch-items.ts';
import type { ResponseText } from '../../../shared/imap/writer.ts';
import { isAnswerable } from './plan.ts';

/** Encoded answers of neighbouring messages, and what they weigh. */
export interface AnswerPage {
  readonly answers: (Uint8Array | undefined)[];
  bytes: number;
}

/** Encoded answers of all accounts and sessions of the process. */
export type AnswerCache = ByteCache<AnswerPage>;

const messagesAPage = 128;
const pageOverhead = messagesAPage * 8 + 256;

/**
 * What a FETCH says of messages from their records alone, ENVELOPE, BODYSTRUCTURE and header fields: a record never changes, so
 * what was encoded once is sent again as it is, to every session that asks for the same items in the same text.
 */
export class Answers {
  readonly #cache: AnswerCache;
  readonly #name: string;
  /** Those of this command, so that pages evicted meanwhile are not asked for again and again. */
  readonly #pages = new Map<number, AnswerPage>();
  readonly #grown = new Set<number>();

  private constructor(cache: AnswerCache, name: string) {
    this.#cache = cache;
    this.#name = name;
  }

  /** Undefined where none of the items comes from the record alone, or others need the record too. */
  static for(
    cache: AnswerCache,
    account: Account,
    items: readonly FetchItem[],
    text: ResponseText,
  ): Answers | undefined {
    const answerable = items.filter(isAnswerable);
    if (answerable.length === 0) return undefined;
    // A rebuilt account numbers its messages anew, in an epoch of its own.
    const { id, state } = account;
    return new Answers(cache, `${id} ${state.modSeqBase} ${text} ${JSON.stringify(answerable)}`);
  }

  get(no: number): Uint8Array | undefined {
    return this.#page(no).answers[no % messagesAPage];
  }

  put(no: number, answer: Uint8Array): void {
    const page = this.#page(no);
    page.answers[no % messagesAPage] = answer;
    page.bytes += answer.length + 64;
    this.#grown.add(Math.floor(no / messagesAPage));
  }

  #page(no: number): AnswerPage {
    const number = Math.floor(no / messagesAPage);
    let page = this.#pages.get(number);
    if (page === undefined) {
      page = this.#cache.get(`${this.#name} ${number}`) ?? { answers: [], bytes: pageOverhead };
      this.#pages.set(number, page);
    }
    return page;
  }

  /** Hands what was put over to the cache, and lets go what the command holds. */
  keep(): void {
    for (const number of this.#grown) {
      const page = this.#pages.get(number)!;
      this.#cache.set(`${this.#name} ${number}`, page, page.bytes);
    }
    this.#grown.clear();
    this.#pages.clear();
  }
}
