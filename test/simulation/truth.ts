import { applyOperations, initialState } from '../../shared/engine/apply.ts';
import { decodeEntry, type Entry } from '../../shared/engine/entry.ts';
import { loadWhole } from '../../shared/engine/mailbox-loader.ts';
import type { Effect, Operation } from '../../shared/engine/operation.ts';
import { decodeOperations, encodeOperations } from '../../shared/engine/operation-codec.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import { loadSnapshot } from '../../shared/engine/snapshot-loader.ts';
import { neededObjects } from '../../shared/engine/snapshot-objects.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import { type AccountId, type BlobKey, type LogPosition, messageKey } from '../../shared/ids.ts';
import type { LogTail, StoredEntry } from '../../shared/ports/account-log.ts';
import type { ByteRange } from '../../shared/ports/blob-store.ts';
import { differenceFromModel, inWords, sameEffect } from './compare.ts';
import { digestOf } from './digest.ts';
import { ModelAccount } from './model.ts';
import { type Proposals, tagKey } from './proposals.ts';
import { Violation } from './violation.ts';

/** One proposal's operations in the log. */
export interface Written {
  readonly position: LogPosition;
  /** What its session must be told, given the account after the entry. */
  readonly answer: (state: AccountState) => unknown;
}

/** A way to the services that nothing disturbs. */
export interface Oracle {
  /** The world's time, ms. */
  now(): number;
  read(account: AccountId, after: LogPosition): Promise<LogTail>;
  object(key: BlobKey): Uint8Array | undefined;
}

const looksBack = 4;
/** What services let a clock be off, ms; and what a number of milliseconds loses as whole seconds. */
const clockTolerance = 5 * 60_000 + 1_000;

/** One account as its log says it is: every entry that ever was, judged when it came. */
export class Truth {
  readonly account: AccountId;
  readonly proposals: Proposals;
  readonly model = new ModelAccount();
  /** Where each proposal was written. */
  readonly written = new Map<number, Written[]>();
  /** How often each delivery made a message. */
  readonly delivered = new Map<string, number>();
  /** Email id by message number. */
  readonly emails = new Map<number, string>();
  /** Emails that were ever in a mailbox, by UIDVALIDITY and UID: no UID may mean two. */
  readonly #meanings = new Map<number, Map<number, string>>();
  readonly #states: AccountState[] = [initialState];
  /** The newest entries as they were stored: none may ever be another. */
  readonly #stored = new Map<number, Uint8Array>();
  /** Spill objects by the entry that names them. */
  readonly #spills = new Map<string, number>();
  #headNeeds: ReadonlySet<BlobKey> = new Set();
  readonly #oracle: Oracle;
  #lastUidValidity = 0;
  #firstUidValidity = Number.POSITIVE_INFINITY;
  /** The accounts that had the address before this one, and those that came after it. */
  readonly #before: Truth[] = [];
  readonly #after: Truth[] = [];
  #head = 0;
  /** The account was removed: nothing is asked of it any more, but its sessions may go on until it is dropped. */
  removed = false;
  dropped = false;
  #reading: Promise<void> | undefined;

  constructor(account: AccountId, proposals: Proposals, oracle: Oracle) {
    this.account = account;
    this.proposals = proposals;
    this.#oracle = oracle;
  }

  /** The address was another account's: what UIDVALIDITY that had, or its sessions yet give out, is below this one's (RFC 9051 §2.3.1.1). */
  follow(before: Truth): void {
    this.#before.push(...before.#before, before);
    for (const one of this.#before) one.#after.push(this);
    this.#judgeAddress(this.#firstUidValidity);
  }

  /** The number of entries. */
  get length(): number {
    return this.#states.length - 1;
  }

  get newest(): AccountState {
    return this.#states.at(-1)!;
  }

  stateAt(position: number): AccountState {
    const state = this.#states[position];
    if (state === undefined) throw new Violation(`position ${position} of ${this.account} is beyond the log`);
    return state;
  }

  /** Judges what has come since the last look. */
  async catchUp(): Promise<void> {
    while (this.#reading !== undefined) await this.#reading;
    if (this.dropped) return;
    this.#reading = this.#look().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #look(): Promise<void> {
    let from = Math.max(0, this.length - looksBack) as LogPosition;
    for (let more = true; more; ) {
      const tail = await this.#oracle.read(this.account, from);
      for (const stored of tail.entries) {
        const before = this.#stored.get(stored.position);
        if (before !== undefined && Buffer.compare(before, stored.bytes) !== 0)
          throw new Violation(`entry ${stored.position} of ${this.account} was written over`);
        if (stored.position > this.length) this.#take(stored);
        from = stored.position;
      }
      if (tail.head !== undefined && tail.head.position > this.#head && !tail.more) {
        await this.#judgeHead(tail.head.position, tail.head.manifest);
        this.#head = tail.head.position;
      }
      more = tail.more;
    }
  }

  #take(stored: StoredEntry): void {
    const { position } = stored;
    this.#stored.set(position, stored.bytes);
    this.#stored.delete(position - looksBack - 1);
    if (position !== this.length + 1)
      throw new Violation(`entry ${position} of ${this.account} follows ${this.length}`);
    const { body, ...header } = decodeEntry(position, stored.bytes);
    const bytes = body.kind === 'inline' ? body.bytes : this.#oracle.object(body.key);
    if (body.kind === 'spill') this.#spills.set(body.key, position);
    if (bytes === undefined) throw new Violation(`entry ${position} names a spill object that is not there`);
    const entry = { ...header, operations: decodeOperations(bytes) };
    const before = this.newest;
    if (entry.time < before.time) throw new Violation(`entry ${position} goes back in time`);
    if (entry.time > this.#oracle.now() + clockTolerance)
      throw new Violation(`entry ${position} was written by a clock that is minutes ahead`);
    this.model.begin(before.modSeqBase + position, entry.time);
    const effects = this.#judgeOperations(before, entry);
    const { state } = applyOperations(before, entry, entry.operations);
    this.#noteEmails(before, entry.operations, effects);
    this.#states.push(state);
    const difference = differenceFromModel(state, this.model, this.emails);
    if (difference !== undefined)
      throw new Violation(`entry ${position} of ${this.account}: wrong is ${difference}`);
    if (entry.usage.bytes !== this.model.usedBytes || entry.usage.messages !== state.usage.messages)
      throw new Violation(`entry ${position} carries a wrong usage`);
    if (entry.limit !== this.model.limit) throw new Violation(`entry ${position} carries a wrong limit`);
    this.#judgeNumbers(before, state);
  }

  /** Splits an entry by the numbers that its proposals left in it; each must be what its decision says on what was before it. */
  #judgeOperations(before: AccountState, entry: Entry): Effect[] {
    let working = before;
    let own: Operation[] = [];
    const effects: Effect[] = [];
    const run = (): Effect[] => {
      const applied = applyOperations(working, entry, own);
      working = applied.state;
      own.forEach((operation, i) => {
        const modelled = this.model.apply(operation);
        if (!sameEffect(applied.effects[i]!, modelled))
          throw new Violation(
            `${operation.kind} in entry ${entry.position}: ${inWords(applied.effects[i])}, not ${inWords(modelled)}`,
          );
      });
      effects.push(...applied.effects);
      return [...applied.effects];
    };
    for (const operation of entry.operations) {
      own.push(operation);
      if (operation.kind !== 'metadata' || operation.key !== tagKey) continue;
      const proposal = this.proposals.all[Number(operation.value)];
      if (proposal === undefined || proposal.account !== this.account)
        throw new Violation(`entry ${entry.position} of ${this.account} is of a stranger`);
      const decided = proposal.decide(working, Math.floor(entry.time / 1000));
      if (!decided.ok || !sameOperations(decided.value.operations, own.slice(0, -1)))
        throw new Violation(
          `entry ${entry.position}: proposal ${proposal.id} was decided on another state: ${inWords(decided)}`,
        );
      const did = run();
      const answer = (state: AccountState) => decided.value.answer({ state, effects: did });
      const list = this.written.get(proposal.id) ?? [];
      list.push({ position: entry.position, answer });
      this.written.set(proposal.id, list);
      if (list.length > 1) throw new Violation(`proposal ${proposal.id} is in the log twice`);
      own = [];
    }
    if (own.some((operation) => operation.kind !== 'recent'))
      throw new Violation(`entry ${entry.position} has operations that nobody proposed`);
    run();
    return effects;
  }

  #noteEmails(before: AccountState, operations: readonly Operation[], effects: readonly Effect[]): void {
    let no: number = before.nextMessage;
    operations.forEach((operation, i) => {
      if (operation.kind !== 'append' || effects[i]?.kind !== 'appended') return;
      const { emailId, size } = operation.message;
      const { deliveryId } = operation;
      if (deliveryId !== undefined) this.delivered.set(deliveryId, (this.delivered.get(deliveryId) ?? 0) + 1);
      this.emails.set(no++, emailId);
      const blob = this.#oracle.object(messageKey(this.account, emailId));
      if (blob?.length !== size)
        throw new Violation(`an entry names the message ${emailId}, which is not there`);
    });
  }

  /** No number of RFC 9051 and RFC 7162 goes back or comes again. */
  #judgeNumbers(before: AccountState, state: AccountState): void {
    for (const mailbox of state.mailboxes) {
      const older = before.mailboxes.get(mailbox.id);
      if (older === undefined) {
        if (mailbox.uidValidity <= this.#lastUidValidity) throw new Violation('a UIDVALIDITY came again');
        this.#lastUidValidity = mailbox.uidValidity;
        this.#firstUidValidity = Math.min(this.#firstUidValidity, mailbox.uidValidity);
        this.#judgeAddress(mailbox.uidValidity);
      } else if (
        older.uidValidity !== mailbox.uidValidity ||
        older.uidNext > mailbox.uidNext ||
        older.highestModSeq > mailbox.highestModSeq
      )
        throw new Violation(`the numbers of mailbox ${mailbox.id} went back`);
      if (older?.chunks === mailbox.chunks) continue;
      let meanings = this.#meanings.get(mailbox.uidValidity);
      if (meanings === undefined) {
        meanings = new Map();
        this.#meanings.set(mailbox.uidValidity, meanings);
      }
      for (const [uid, { email }] of this.model.mailboxes.get(mailbox.id)!.messages) {
        const meant = meanings.get(uid);
        if (meant === undefined) meanings.set(uid, email);
        else if (meant !== email)
          throw new Violation(`UID ${uid} of mailbox ${mailbox.id} means two messages`);
      }
    }
  }

  #judgeAddress(uidValidity: number): void {
    for (const { account } of this.#before.filter((one) => one.#lastUidValidity >= uidValidity))
      throw new Violation(
        `UIDVALIDITY ${uidValidity} is not above those of ${account}, which had the address before`,
      );
    for (const { account } of this.#after.filter((one) => one.#firstUidValidity <= uidValidity))
      throw new Violation(
        `UIDVALIDITY ${uidValidity} is not below those of ${account}, which has the address now`,
      );
  }

  /** The numbers of the messages that are in a mailbox now. */
  messageNumbers(): Set<number> {
    const numbers = new Set<number>();
    for (const mailbox of this.newest.mailboxes)
      for (const { message } of rowsOf(mailbox.chunks)) numbers.add(message);
    return numbers;
  }

  /** Whether an object must be there: for a message, for an entry after the head, for the head. */
  needs(key: BlobKey, head: BlobKey | undefined): boolean {
    const [, , kind, id] = key.split('/');
    if (kind === 'm') {
      for (const email of this.model.neededEmails()) if (email === id) return true;
      return false;
    }
    if (kind === 's') return (this.#spills.get(key) ?? 0) > this.#head;
    return key === head || this.#headNeeds.has(key);
  }

  async #judgeHead(position: LogPosition, manifest: BlobKey): Promise<void> {
    const get = async (key: BlobKey, range?: ByteRange) => {
      const bytes = this.#oracle.object(key);
      return bytes && { size: bytes.length, body: bytes.subarray(range?.start ?? 0, range?.end) };
    };
    const snapshot = await loadSnapshot({ get } as never, manifest);
    if (snapshot.state.position !== position) throw new Violation(`the head ${position} names another state`);
    this.#headNeeds = new Set(neededObjects(snapshot));
    for (const key of this.#headNeeds)
      if (this.#oracle.object(key) === undefined)
        throw new Violation(`the head needs ${key}, which is not there`);
    if (digestOf(await loadWhole({ get } as never, snapshot.state)) !== digestOf(this.stateAt(position)))
      throw new Violation(`the snapshot at ${position} is not what the log says`);
  }
}

/** Whether the log would say the same of both. */
const sameOperations = (some: readonly Operation[], others: readonly Operation[]): boolean =>
  Buffer.compare(encodeOperations(some), encodeOperations(others)) === 0;
