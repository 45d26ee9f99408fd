import { type Applied, applyOperations, initialState } from '../../shared/engine/apply.ts';
import { decodeEntry, type Entry, usageFits } from '../../shared/engine/entry.ts';
import { loadWhole } from '../../shared/engine/mailbox-loader.ts';
import type { Effect, Operation } from '../../shared/engine/operation.ts';
import { decodeOperations, encodeOperations } from '../../shared/engine/operation-codec.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import { loadSnapshot } from '../../shared/engine/snapshot-loader.ts';
import { neededObjects } from '../../shared/engine/snapshot-objects.ts';
import { type AccountState, inboxId, type Usage } from '../../shared/engine/state.ts';
import { type AccountId, type BlobKey, type LogPosition, messageKey } from '../../shared/ids.ts';
import type { Head } from '../../shared/ports/account-log.ts';
import type { ByteRange } from '../../shared/ports/blob-store.ts';
import { differenceFromModel, inWords, sameEffect } from './compare.ts';
import { digestOf } from './digest.ts';
import { ModelAccount } from './model.ts';
import { Numbers } from './numbers.ts';
import { type Proposals, tagKey } from './proposals.ts';
import { understoodEntry } from './release.ts';
import { headPosition } from './store.ts';
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
  /** What of the log has changed since this was last asked: positions, `headPosition` among them. */
  changed(): number[];
  entry(position: number): Uint8Array | undefined;
  head(): Head | undefined;
  object(key: BlobKey): Uint8Array | undefined;
  /** Something happened that a run is to tell of. */
  count(what: string): void;
}

/** What services let a clock be off, ms; and what a number of milliseconds loses as whole seconds. */
const clockTolerance = 5 * 60_000 + 1_000;

/** One account as its log says it is: every entry that ever was, judged when it came. */
export class Truth {
  readonly account: AccountId;
  readonly proposals: Proposals;
  readonly model = new ModelAccount();
  readonly numbers: Numbers;
  /** Where each proposal was written. */
  readonly written = new Map<number, Written[]>();
  /** How often each delivery made a message. */
  readonly delivered = new Map<string, number>();
  /** Email id by message number. */
  readonly emails = new Map<number, string>();
  readonly #states: AccountState[] = [initialState];
  /** What proposals that share an entry made of it, one after another: the next one was decided on that. */
  readonly #within = new Map<number, readonly AccountState[]>();
  /** Every entry as it was stored: none may ever be another. */
  readonly #stored = new Map<number, Uint8Array>();
  /** Spill objects by the entry that names them. */
  readonly #spills = new Map<string, number>();
  #headNeeds: ReadonlySet<BlobKey> = new Set();
  readonly #oracle: Oracle;
  #head = 0;
  /** The account was removed: nothing is asked of it any more, but its sessions may go on until it is dropped. */
  removed = false;
  dropped = false;
  #reading: Promise<void> | undefined;
  /** What the newest entry says of the usage. */
  #said: Usage = initialState.usage;

  constructor(account: AccountId, proposals: Proposals, oracle: Oracle) {
    this.account = account;
    this.proposals = proposals;
    this.#oracle = oracle;
    this.numbers = new Numbers(account);
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

  /** Every state on which something may have been decided since the log had so many entries. */
  *statesSince(length: number): Generator<AccountState> {
    for (let n = length; n <= this.length; n++) {
      if (n > length) yield* this.#within.get(n) ?? [];
      yield this.stateAt(n);
    }
  }

  /** Judges what has come since the last look. */
  async catchUp(): Promise<void> {
    while (this.#reading !== undefined) await this.#reading;
    const changed = this.#oracle.changed();
    if (this.dropped || changed.length === 0) return;
    this.#reading = this.#look(changed).finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #look(changed: readonly number[]): Promise<void> {
    // The head is the last of them: what it names has been taken by then.
    for (const position of changed.toSorted((a, b) => a - b)) {
      if (position === headPosition) await this.#lookAtHead();
      else this.#lookAt(position as LogPosition);
    }
  }

  #lookAt(position: LogPosition): void {
    const bytes = this.#oracle.entry(position);
    const before = this.#stored.get(position);
    if (bytes === undefined) {
      if (position > (this.#oracle.head()?.position ?? 0) || position === this.length)
        throw new Violation(`entry ${position} of ${this.account} was deleted, and is needed`);
    } else if (before === undefined) this.#take(position, bytes);
    else if (Buffer.compare(before, bytes) !== 0)
      throw new Violation(`entry ${position} of ${this.account} was written over`);
  }

  async #lookAtHead(): Promise<void> {
    const head = this.#oracle.head();
    if (head === undefined || head.position < this.#head)
      throw new Violation(`the head of ${this.account} went back`);
    if (head.position > this.#head) await this.#judgeHead(head.position, head.manifest);
    this.#head = head.position;
  }

  #take(position: LogPosition, stored: Uint8Array): void {
    this.#stored.set(position, stored);
    if (position !== this.length + 1)
      throw new Violation(`entry ${position} of ${this.account} follows ${this.length}`);
    const { body, ...header } = decodeEntry(position, understoodEntry(stored));
    const bytes = body.kind === 'inline' ? body.bytes : this.#oracle.object(body.key);
    if (body.kind === 'spill') this.#spills.set(body.key, position);
    if (bytes === undefined) throw new Violation(`entry ${position} names a spill object that is not there`);
    const entry = { ...header, operations: decodeOperations(bytes) };
    const before = this.newest;
    if (entry.time < before.time) throw new Violation(`entry ${position} goes back in time`);
    if (entry.time > this.#oracle.now() + clockTolerance)
      throw new Violation(`entry ${position} was written by a clock that is minutes ahead`);
    this.model.begin(before.modSeqBase + position, entry.time);
    const { effects, state } = this.#judgeOperations(before, entry);
    this.#noteEmails(before, entry.operations, effects);
    this.#states.push(state);
    const difference = differenceFromModel(state, this.model, this.emails);
    if (difference !== undefined)
      throw new Violation(`entry ${position} of ${this.account}: wrong is ${difference}`);
    const used = { bytes: this.model.usedBytes, messages: state.usage.messages };
    if (!usageFits(entry, this.#said, used)) throw new Violation(`entry ${position} carries a wrong usage`);
    this.#said = entry.usage;
    if (entry.limit !== this.model.limit) throw new Violation(`entry ${position} carries a wrong limit`);
    this.numbers.judge(before, state, this.model);
  }

  /** Splits an entry by the numbers that its proposals left in it; each must be what its decision says on what was before it. */
  #judgeOperations(before: AccountState, entry: Entry): Applied {
    let working = before;
    let own: Operation[] = [];
    const effects: Effect[] = [];
    const parts: AccountState[] = [];
    const run = (): Effect[] => {
      const applied = applyOperations(working, entry, own);
      working = applied.state;
      parts.push(working);
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
    if (own.some((operation) => operation.kind !== 'recent') && !isUnopened(entry))
      throw new Violation(`entry ${entry.position} has operations that nobody proposed`);
    // The whole at once is the same; nothing new where one proposal is all of it.
    if (own.length === 0 && parts.length === 1) return { effects, state: working };
    this.#within.set(entry.position, parts);
    run();
    return { effects, state: applyOperations(before, entry, entry.operations).state };
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
    const { clusters } = snapshot.messages;
    if (clusters.some(({ parts }) => parts.some(({ copies }) => !this.#headNeeds.has(copies.key))))
      this.#oracle.count('mailbox put together');
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

/** Deliveries by who knows no more than the entry before: nobody's decision, to INBOX, within the limit. */
const isUnopened = ({ operations, usage, limit }: Entry): boolean =>
  operations.every(
    (operation) =>
      operation.kind === 'append' && operation.mailbox === inboxId && operation.deliveryId !== undefined,
  ) &&
  (limit === undefined || usage.bytes <= limit);
