import { type BlobKey, type LogPosition, type MailboxId, objectKey } from '../ids.ts';
import { StaleTail } from '../ports/account-log.ts';
import { err, ok, type Result } from '../result.ts';
import type { Account } from './account.ts';
import { applyOperations, rulesVersion } from './apply.ts';
import type { Decide, Decided } from './decision.ts';
import type { EngineParts } from './engine.ts';
import { decodeEntry, type Entry, encodeEntry } from './entry.ts';
import { type MailError, unavailable } from './mail-error.ts';
import type { Effect, Operation } from './operation.ts';
import { encodeOperations } from './operation-codec.ts';
import type { AccountState } from './state.ts';

export interface CommitOptions {
  /** Import and maintenance yield to people. */
  readonly urgency?: 'people' | 'background';
}

interface Proposal {
  readonly decide: Decide<unknown>;
  readonly answer: (result: Result<unknown, MailError>) => void;
  readonly urgency: 'people' | 'background';
  /** Refusals count only on a state read after the proposal was made, ms. */
  readonly madeAt: number;
}

/** A decided proposal, waiting for its entry. */
interface Planned {
  readonly proposal: Proposal;
  readonly outcome: Result<Decided<unknown>, MailError>;
  readonly effects: readonly Effect[];
}

/** An entry that was sent and may or may not be in the log. */
interface Sent {
  readonly entry: Entry;
  readonly bytes: Uint8Array;
  readonly blobs: readonly BlobKey[];
}

/** Proposals that may wait for one account; more are refused at once. */
const maxWaiting = 1000;
/** Proposals that share an entry. */
const maxGroup = 64;
/** A command's time: what cannot be settled within it ends the connection, ms. */
const settleTime = 60_000;
/** A tail this old is read again before an append is built on it, ms: well below the five minutes that adapters enforce. */
const tailLifetime = 120_000;
/** A clock this far behind the log is wrong: its owner must not write, ms. */
const clockTolerance = 5 * 60_000;

/** Writes one account's entries, one at a time: what waits meanwhile shares the next one. */
export class CommitQueue {
  readonly #account: Account;
  readonly #parts: EngineParts;
  readonly #people: Proposal[] = [];
  readonly #background: Proposal[] = [];
  #unsettled: Sent | undefined;
  #running: Promise<void> | undefined;

  constructor(account: Account, parts: EngineParts) {
    this.#account = account;
    this.#parts = parts;
  }

  commit<T>(decide: Decide<T>, { urgency = 'people' }: CommitOptions): Promise<Result<T, MailError>> {
    const queue = urgency === 'people' ? this.#people : this.#background;
    if (queue.length >= maxWaiting) return Promise.resolve(err(unavailable('too many changes wait')));
    return new Promise((resolve) => {
      queue.push({
        decide,
        urgency,
        madeAt: this.#parts.entropy.now(),
        answer: (result) => resolve(result as Result<T, MailError>),
      });
      this.#running ??= this.#run();
    });
  }

  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Everything proposed in this turn of the event loop may share the entry.
    await Promise.resolve();
    for (;;) {
      const group = this.#take();
      if (group.length === 0) {
        // At once, not when the promise settles: a proposal made in between would find a runner that is leaving.
        this.#running = undefined;
        return;
      }
      try {
        await this.#write(group);
      } catch (cause) {
        for (const { answer } of group) answer(err(unavailable(cause)));
      }
    }
  }

  /** People first and in turn; background work joins with one proposal, so that it never starves nor crowds. */
  #take(): Proposal[] {
    const group = this.#people.splice(0, maxGroup);
    return group.concat(this.#background.splice(0, group.length === 0 ? maxGroup : 1));
  }

  /** Decides, writes, and answers a group; decides it anew whenever another writer was first. */
  async #write(group: readonly Proposal[]): Promise<void> {
    const { entropy } = this.#parts;
    const deadline = entropy.now() + settleTime;
    let waiting: readonly Proposal[] = group;
    for (let attempt = 0; waiting.length > 0; attempt++) {
      if (!(await this.#ready(waiting, deadline))) return;
      const base = this.#account.state;
      const { planned, later, operations, blobs, time } = this.#decide(base, waiting);
      const refused = planned.some((p) => !p.outcome.ok && p.proposal.madeAt >= this.#account.readAt);
      if (refused) {
        await this.#account.catchUp();
        if (this.#account.state !== base) continue;
      }
      if (operations.length === 0) {
        this.#answer(planned, base);
        waiting = later;
        continue;
      }
      const sent = await this.#build(base, operations, blobs, time);
      const settled = await this.#send(sent, deadline);
      if (settled === 'unsettled') {
        for (const { proposal } of planned)
          proposal.answer(err({ kind: 'unsettled', cause: 'no answer from the log' }));
        for (const proposal of later) proposal.answer(err(unavailable('an earlier change is not settled')));
        return;
      }
      if (settled === 'done') {
        this.#answer(planned, this.#account.state);
        waiting = later;
        attempt = 0;
        continue;
      }
      if (entropy.now() > deadline) {
        for (const proposal of waiting) proposal.answer(err(unavailable('too many other writers')));
        return;
      }
      // The loser comes back after a random while, so that writers do not march in step.
      await this.#parts.sleep(((entropy.bytes(1)[0]! + 1) / 256) * Math.min(200, 2 ** attempt));
    }
  }

  /** Settles what an earlier attempt left open, and sees to a fresh tail. False where it answered the group itself. */
  async #ready(group: readonly Proposal[], deadline: number): Promise<boolean> {
    const open = this.#unsettled;
    if (open !== undefined) {
      await this.#account.catchUp();
      const free = this.#account.state.position < open.entry.position;
      if (free && (await this.#send(open, deadline)) === 'unsettled') {
        for (const { answer } of group) answer(err(unavailable('an earlier change is not settled')));
        return false;
      }
      this.#unsettled = undefined;
    }
    const now = this.#parts.entropy.now();
    if (now - this.#account.readAt > tailLifetime) await this.#account.catchUp();
    if (now < this.#account.state.time - clockTolerance)
      throw new Error('the clock is minutes behind the log');
    return true;
  }

  /** One after another, each on a state that holds the earlier ones: what is right alone may be wrong together. */
  #decide(base: AccountState, group: readonly Proposal[]) {
    const at = {
      position: (base.position + 1) as LogPosition,
      time: Math.max(base.time, this.#parts.entropy.now()),
    };
    const now = Math.floor(at.time / 1000);
    let working = base;
    const planned: Planned[] = [];
    const operations: Operation[] = [];
    const blobs: BlobKey[] = [];
    let bytes = 0;
    let taken = 0;
    for (const proposal of group) {
      const outcome = proposal.decide(working, now);
      let effects: readonly Effect[] = [];
      if (outcome.ok && outcome.value.operations.length > 0) {
        const size = encodeOperations(outcome.value.operations).length;
        if (operations.length > 0 && bytes + size > this.#parts.inlineBytes) break;
        const applied = applyOperations(working, at, outcome.value.operations);
        working = applied.state;
        effects = applied.effects;
        bytes += size;
        operations.push(...outcome.value.operations);
        blobs.push(...(outcome.value.blobs ?? []));
      }
      planned.push({ proposal, outcome, effects });
      taken++;
    }
    return { planned, later: group.slice(taken), operations, blobs, time: at.time };
  }

  #answer(planned: readonly Planned[], state: AccountState): void {
    for (const { proposal, outcome, effects } of planned)
      proposal.answer(outcome.ok ? ok(outcome.value.answer({ state, effects })) : outcome);
  }

  async #build(
    base: AccountState,
    decided: readonly Operation[],
    named: readonly BlobKey[],
    time: number,
  ): Promise<Sent> {
    const recent = this.#account.pendingRecent();
    const operations: Operation[] = decided.concat(
      recent.map(([mailbox, uid]) => ({ kind: 'recent', mailbox: mailbox as MailboxId, uid })),
    );
    const position = (base.position + 1) as LogPosition;
    const after = applyOperations(base, { position, time }, operations).state;
    const header = {
      position,
      rules: rulesVersion,
      writer: Buffer.from(this.#parts.entropy.bytes(8)).toString('hex'),
      time,
      usage: after.usage,
      limit: after.limits.bytes,
    };
    const body = encodeOperations(operations);
    if (body.length <= this.#parts.inlineBytes) {
      const bytes = encodeEntry({ ...header, body: { kind: 'inline', bytes: body } });
      return { entry: { ...header, operations }, bytes, blobs: named };
    }
    const key = objectKey(this.#account.id, 's', this.#parts.entropy);
    await this.#parts.blobs.put(key, body);
    const bytes = encodeEntry({ ...header, body: { kind: 'spill', key } });
    return { entry: { ...header, operations }, bytes, blobs: [...named, key] };
  }

  /**
   * Sends an entry until its fate is known. A lost answer is settled by sending the same bytes to the same position: the
   * occupant tells whose they are. Nothing else is proposed before.
   */
  async #send(sent: Sent, deadline: number): Promise<'done' | 'lost' | 'unsettled'> {
    const { log, entropy, sleep } = this.#parts;
    const { entry, bytes, blobs } = sent;
    const request = { account: this.#account.id, position: entry.position, bytes, blobs };
    let doubtful = this.#unsettled === sent;
    for (let attempt = 0; ; attempt++) {
      try {
        const outcome = await log.append({ ...request, readAt: this.#account.readAt });
        if (outcome.kind === 'done') {
          this.#account.adopt(entry, bytes.length);
          return 'done';
        }
        if (outcome.kind === 'taken') return await this.#settleTaken(sent, outcome.occupant, doubtful);
        doubtful = true;
        this.#unsettled = sent;
      } catch (cause) {
        if (!(cause instanceof StaleTail)) {
          if (doubtful) return 'unsettled';
          throw cause;
        }
        // This attempt wrote nothing. An earlier one may have: the tail tells, once something stands at the position.
        const fate = await this.#fateFromTail(sent, doubtful);
        if (fate !== undefined) return fate;
      }
      if (entropy.now() > deadline) return 'unsettled';
      await sleep(((entropy.bytes(1)[0]! + 1) / 256) * Math.min(5_000, 50 * 2 ** attempt));
    }
  }

  /** Undefined where the position is still free and an earlier attempt may yet land on it. */
  async #fateFromTail(sent: Sent, doubtful: boolean): Promise<'done' | 'lost' | 'unsettled' | undefined> {
    try {
      await this.#account.catchUp();
    } catch (cause) {
      if (doubtful) return 'unsettled';
      throw cause;
    }
    if (this.#account.state.position >= sent.entry.position)
      return await this.#settleTaken(sent, undefined, doubtful);
    return doubtful ? undefined : 'lost';
  }

  /** The position is used: by an earlier attempt of ours, or by another writer. */
  async #settleTaken(
    sent: Sent,
    occupant: Uint8Array | undefined,
    doubtful: boolean,
  ): Promise<'done' | 'lost' | 'unsettled'> {
    const { position, writer } = sent.entry;
    let stored: Uint8Array | undefined;
    try {
      stored = occupant ?? (await this.#occupant(position));
      if (stored === undefined) throw new Error(`entry ${position} was trimmed before its fate was known`);
    } catch (cause) {
      if (doubtful) return 'unsettled';
      throw cause;
    }
    this.#unsettled = undefined;
    if (decodeEntry(position, stored).writer === writer) {
      this.#account.adopt(sent.entry, stored.length);
      return 'done';
    }
    await this.#account.catchUp();
    return 'lost';
  }

  async #occupant(position: LogPosition): Promise<Uint8Array | undefined> {
    const tail = await this.#parts.log.read(this.#account.id, (position - 1) as LogPosition);
    return tail.entries.find((e) => e.position === position)?.bytes;
  }
}
