import type { BlobKey, LogPosition, MailboxId } from '../ids.ts';
import { err, ok, type Result } from '../result.ts';
import type { Account } from './account.ts';
import { type Applied, applyOperations } from './apply.ts';
import { type BuiltEntry, buildEntry } from './build-entry.ts';
import { Contention } from './contention.ts';
import type { Decide, Decided } from './decision.ts';
import type { EngineParts } from './engine.ts';
import { EntrySender } from './entry-sender.ts';
import { type MailError, unavailable } from './mail-error.ts';
import type { Effect, Operation } from './operation.ts';
import { encodeOperations } from './operation-codec.ts';
import { rulesWritten } from './rules.ts';
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

/** An entry that was sent, or is about to be, and what it makes of the state before it. */
export interface Sent extends BuiltEntry {
  readonly base: AccountState;
  readonly applied: Applied;
}

/** Operations that were decided one after another on a state, at the time and position of the entry that will hold them. */
interface Deciding extends Applied {
  readonly base: AccountState;
  readonly planned: readonly Planned[];
  readonly operations: readonly Operation[];
  readonly blobs: readonly BlobKey[];
}

/** A decided proposal, waiting for its entry. */
interface Planned {
  readonly proposal: Proposal;
  readonly outcome: Result<Decided<unknown>, MailError>;
  readonly effects: readonly Effect[];
}

/** Proposals that may wait for one account; more are refused at once. */
export const maxWaiting = 1000;
/** Proposals that share an entry. */
export const maxGroup = 64;
/** A command's time: what cannot be settled within it ends the connection, ms. */
export const settleTime = 60_000;
/** A tail this old is read again before an append is built on it, ms: well below the five minutes that adapters enforce. */
export const tailLifetime = 120_000;
/** A clock this far behind the log is wrong: its owner must not write, ms. */
export const clockTolerance = 5 * 60_000;

/** Writes one account's entries, one at a time: what waits meanwhile shares the next one. */
export class CommitQueue {
  readonly #account: Account;
  readonly #parts: EngineParts;
  readonly #sender: EntrySender<Sent>;
  readonly #contention: Contention;
  readonly #people: Proposal[] = [];
  readonly #background: Proposal[] = [];
  #running: Promise<void> | undefined;

  constructor(account: Account, parts: EngineParts) {
    this.#account = account;
    this.#parts = parts;
    this.#sender = new EntrySender(account, parts);
    this.#contention = new Contention(parts);
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
      const group: Proposal[] = [];
      this.#fill(group);
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

  /** Fills a group: people first and in turn; background work joins with one proposal, so that it never starves nor crowds. */
  #fill(group: Proposal[]): void {
    const joins = this.#background.length > 0 && group.every((p) => p.urgency === 'people') ? 1 : 0;
    group.push(...this.#people.splice(0, maxGroup - group.length - joins));
    const most = group.length === 0 ? maxGroup : Math.min(joins, maxGroup - group.length);
    group.push(...this.#background.splice(0, most));
  }

  /** Decides, writes, and answers a group; decides it anew whenever another writer was first. */
  async #write(group: Proposal[]): Promise<void> {
    const { entropy } = this.#parts;
    const deadline = entropy.now() + settleTime;
    let losses = 0;
    while (group.length > 0) {
      if (!(await this.#ready(deadline))) {
        for (const { answer } of group.splice(0))
          answer(err(unavailable('an earlier change is not settled')));
        return;
      }
      const decided = await this.#account.asking((state) => this.#decide(state, group));
      const { base, planned, operations } = decided;
      const refused = planned.some((p) => !p.outcome.ok && p.proposal.madeAt >= this.#account.readAt);
      if (refused) {
        await this.#account.catchUp();
        if (this.#account.state !== base) continue;
      }
      if (operations.length === 0) {
        group.splice(0, planned.length);
        this.#answer(planned, base);
        continue;
      }
      const sent = await this.#build(decided);
      const began = entropy.now();
      const fate = await this.#sender.send(sent, deadline);
      this.#contention.took(entropy.now() - began);
      if (fate === 'unsettled') {
        group.splice(0, planned.length);
        for (const { proposal } of planned)
          proposal.answer(err({ kind: 'unsettled', cause: 'no answer from the log' }));
        continue;
      }
      if (fate === 'done') {
        group.splice(0, planned.length);
        this.#answer(planned, this.#account.state);
        losses = 0;
        continue;
      }
      if (entropy.now() > deadline) {
        for (const { answer } of group.splice(0)) answer(err(unavailable('too many other writers')));
        return;
      }
      losses++;
      await this.#contention.pause(losses, {
        look: () => this.#account.catchUp(),
        position: () => this.#account.state.position,
      });
      // Whatever came meanwhile goes with it: one entry fewer to fight for.
      this.#fill(group);
    }
  }

  /** Settles what an earlier attempt left open, and sees to a fresh tail. False where the former cannot be done yet. */
  async #ready(deadline: number): Promise<boolean> {
    if (!(await this.#sender.settleOpen(deadline))) return false;
    const now = this.#parts.entropy.now();
    if (now - this.#account.readAt > tailLifetime) await this.#account.catchUp();
    if (now < this.#account.state.time - clockTolerance)
      throw new Error('the clock is minutes behind the log');
    return true;
  }

  /** One after another, each on a state that holds the earlier ones: what is right alone may be wrong together. */
  #decide(base: AccountState, group: readonly Proposal[]): Deciding {
    const at = {
      position: (base.position + 1) as LogPosition,
      time: Math.max(base.time, this.#parts.entropy.now()),
      rules: rulesWritten,
    };
    const now = Math.floor(at.time / 1000);
    let working = base;
    const planned: Planned[] = [];
    const operations: Operation[] = [];
    const blobs: BlobKey[] = [];
    let bytes = 0;
    for (const proposal of group) {
      const outcome = proposal.decide(working, now);
      let effects: readonly Effect[] = [];
      if (outcome.ok && outcome.value.operations.length > 0) {
        // One alone goes as it is, however large.
        const size = group.length === 1 ? 0 : encodeOperations(outcome.value.operations).length;
        if (operations.length > 0 && bytes + size > this.#parts.inlineBytes) break;
        const applied = applyOperations(working, at, outcome.value.operations);
        working = applied.state;
        effects = applied.effects;
        bytes += size;
        operations.push(...outcome.value.operations);
        blobs.push(...(outcome.value.blobs ?? []));
      }
      planned.push({ proposal, outcome, effects });
    }
    const effects = planned.flatMap((p) => p.effects);
    return { base, planned, operations, blobs, state: working, effects };
  }

  /** The entry, with the marks of \Recent that wait for one. */
  async #build({ base, operations, blobs, state, effects }: Deciding): Promise<Sent> {
    const { position, time } = state;
    const rules = rulesWritten;
    const recent = this.#account.recent
      .pending(this.#account.state)
      .map(([mailbox, uid]): Operation => ({ kind: 'recent', mailbox: mailbox as MailboxId, uid }));
    // In a group the operations mean the same as in one entry: they are not applied again.
    const last = applyOperations(state, { position, time, rules }, recent);
    const { usage, limits } = last.state;
    const entry = {
      position,
      rules,
      time,
      usage,
      limit: limits.bytes,
      operations: operations.concat(recent),
    };
    const built = await buildEntry(this.#account.id, entry, blobs, this.#parts);
    return { ...built, base, applied: { state: last.state, effects: effects.concat(last.effects) } };
  }

  #answer(planned: readonly Planned[], state: AccountState): void {
    for (const { proposal, outcome, effects } of planned)
      proposal.answer(outcome.ok ? ok(outcome.value.answer({ state, effects })) : outcome);
  }
}
