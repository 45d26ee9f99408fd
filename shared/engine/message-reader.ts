import type { EmailId, MailboxId } from '../ids.ts';
import type { MessageRecord } from '../message/structure.ts';
import type { Blob, ByteRange } from '../ports/blob-store.ts';
import type { Account } from './account.ts';
import { isStillIn } from './decided.ts';
import type { Slice } from './frame.ts';
import type { Mailbox } from './mailbox.ts';
import { AccountRebuilt } from './object-gone.ts';
import type { AnswerColumn } from './segment.ts';

/**
 * Reads messages by the numbers that a session's view of a mailbox gives them. After a rebuild of the account those may be the numbers of others,
 * of which the session must not be told in their place.
 * @throws AccountRebuilt then, ObjectGone where a message is not there any more
 */
export class MessageReader {
  readonly #account: Account;
  readonly #mailbox: MailboxId;
  /** Undefined where it was over before this was made. */
  readonly #epoch: number | undefined;
  /** Of the account in this epoch, for keys of what is kept of its messages. */
  readonly name: string;

  /** `mailbox`: the one that all messages are in, as the session knows it. */
  constructor(account: Account, mailbox: Pick<Mailbox, 'id' | 'uidValidity'>) {
    this.#account = account;
    this.#mailbox = mailbox.id;
    this.#epoch = isStillIn(account.state, mailbox) ? account.state.modSeqBase : undefined;
    this.name = `${account.id} ${this.#epoch}`;
  }

  /** Whether the numbers still mean what they did. */
  get isCurrent(): boolean {
    return this.#account.state.modSeqBase === this.#epoch;
  }

  /** Header records, one for each number. */
  records(numbers: readonly number[]): Promise<MessageRecord[]> {
    return this.#reading(() => this.#account.records(numbers, this.#mailbox));
  }

  /** What is kept of messages ready to be sent: see `MessageIndex.answers`. */
  answers(numbers: readonly number[], column: AnswerColumn): Promise<readonly (Slice | undefined)[]> {
    return this.#reading(() => this.#account.answers(numbers, column, this.#mailbox));
  }

  emailIds(numbers: readonly number[]): Promise<EmailId[]> {
    return this.#reading(() => this.#account.emailIds(numbers));
  }

  /** As `emailIds`, 16 bytes each. */
  packedIds(numbers: readonly number[]): Promise<Uint8Array> {
    return this.#reading(() => this.#account.packedIds(numbers));
  }

  /** Which of some folded texts are certainly not in messages' bodies: see `MessageIndex.absentTexts`. */
  absentTexts(numbers: readonly number[], needles: readonly string[]): Promise<Uint32Array> {
    return this.#reading(() => this.#account.absentTexts(numbers, needles));
  }

  /** The exact bytes of a message, or a range of them. */
  body(number: number, range?: ByteRange): Promise<Blob> {
    return this.#reading(() => this.#account.body(number, range));
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    this.#check();
    const value = await read();
    this.#check();
    return value;
  }

  #check(): void {
    if (!this.isCurrent) throw new AccountRebuilt('the account was rebuilt');
  }
}
