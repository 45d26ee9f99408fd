import type { Account } from '../../shared/engine/account.ts';
import type { CommitOptions } from '../../shared/engine/commit.ts';
import type { Committed, Decide } from '../../shared/engine/decision.ts';
import type { MailError } from '../../shared/engine/mail-error.ts';
import type { Operation } from '../../shared/engine/operation.ts';
import type { AccountId } from '../../shared/ids.ts';
import type { Result } from '../../shared/result.ts';
import { asker } from './asker.ts';
import { inWords } from './compare.ts';
import type { Truth } from './truth.ts';
import { Violation } from './violation.ts';

/** The metadata key under which each proposal's operations carry its number, so that the log says whose they are. */
export const tagKey = '/simulation';

/** Something that a session wanted, and what it was told. */
export interface Proposal {
  readonly id: number;
  readonly what: string;
  readonly account: AccountId;
  readonly decide: Decide<unknown>;
  /** Entries in the log when it was made. */
  readonly startedAt: number;
  /** Whether the decision that was last made writes anything. */
  writes: boolean;
  told: 'nothing' | 'done' | 'refused' | 'unsettled';
  /** What a client was told at the end of the command that wanted it. */
  answered: Answered | undefined;
}

/** A client's command, and how it was answered: whether it said that nothing of it was done. */
export interface Answered {
  readonly command: string;
  readonly answer: string;
  readonly refused: boolean;
}

/** Every proposal of a run, and whether what was told about it is what happened. */
export class Proposals {
  readonly all: Proposal[] = [];
  readonly truthOf: (account: AccountId) => Truth;
  readonly #trace: (text: string) => void;
  /** What was proposed at each connection since the last answer there. */
  readonly #askedFor = new WeakMap<object, Proposal[]>();

  constructor(truthOf: (account: AccountId) => Truth, trace: (text: string) => void) {
    this.truthOf = truthOf;
    this.#trace = trace;
  }

  /** From now on whatever is committed to this account is numbered and judged. */
  watch(account: Account, node: string): void {
    const commit = account.commit.bind(account);
    account.commit = <T>(decide: Decide<T>, options?: CommitOptions) =>
      this.#propose(account.id, node, decide, (tagged) => commit(tagged, options));
  }

  async #propose<T>(
    account: AccountId,
    node: string,
    decide: Decide<T>,
    commit: (decide: Decide<T>) => Promise<Result<T, MailError>>,
  ): Promise<Result<T, MailError>> {
    const truth = this.truthOf(account);
    const proposal: Proposal = {
      id: this.all.length,
      what: decide.name,
      account,
      decide,
      startedAt: truth.length,
      writes: false,
      told: 'nothing',
      answered: undefined,
    };
    this.all.push(proposal);
    const connection = asker.getStore();
    if (connection !== undefined) this.#since(connection).push(proposal);
    const answer = await commit(tagged(proposal, decide));
    this.#trace(
      `${node} ${account.slice(-4)} proposal ${proposal.id}: ${answer.ok ? 'done' : inWords(answer.error)}`,
    );
    // What was put just now may not have been looked at yet.
    await truth.catchUp();
    proposal.told = answer.ok ? 'done' : answer.error.kind === 'unsettled' ? 'unsettled' : 'refused';
    this.#judge(truth, proposal, answer);
    return answer;
  }

  #since(connection: object): Proposal[] {
    const there = this.#askedFor.get(connection) ?? [];
    this.#askedFor.set(connection, there);
    return there;
  }

  /** A client has read the answer to its command, before it says anything else. */
  answered(connection: object, answered: Answered): void {
    for (const proposal of this.#since(connection).splice(0)) {
      proposal.answered = answered;
      this.check(proposal);
    }
  }

  #judge(truth: Truth, proposal: Proposal, answer: Result<unknown, MailError>): void {
    this.check(proposal);
    const done = truth.written.get(proposal.id)?.[0];
    if (answer.ok && proposal.writes && done !== undefined) {
      const told = inWords(answer.value);
      let expected = '';
      // A later state may have been read meanwhile.
      for (let n = done.position; n <= truth.length && expected !== told; n++)
        expected = inWords(done.answer(truth.stateAt(n)));
      if (expected !== told)
        throw new Violation(`proposal ${proposal.id} was answered ${told}, but did ${expected}`);
    }
    if (truth.removed || answer.ok || proposal.told === 'unsettled' || answer.error.kind === 'unavailable')
      return;
    const { kind } = answer.error;
    for (const state of truth.statesSince(proposal.startedAt)) {
      const other = proposal.decide(state, Math.floor(state.time / 1000));
      if (!other.ok && other.error.kind === kind) return;
    }
    throw new Violation(
      `proposal ${proposal.id} was refused with ${kind}, which was never right while it waited`,
    );
  }

  /** What was told must be what the log says, now and for ever. */
  check(proposal: Proposal): void {
    if (this.truthOf(proposal.account).removed) return;
    const times = this.truthOf(proposal.account).written.get(proposal.id)?.length ?? 0;
    const { id, told, writes, answered } = proposal;
    if (times > 1) throw new Violation(`proposal ${id} was written ${times} times`);
    if (told === 'done' && writes && times === 0)
      throw new Violation(`proposal ${id} was acknowledged and is not in the log`);
    if (told === 'done' && !writes && times > 0)
      throw new Violation(`proposal ${id} said it needed no entry and has one`);
    if (told === 'refused' && times > 0) throw new Violation(`proposal ${id} was refused and is in the log`);
    if (answered === undefined) return;
    const { command, answer, refused } = answered;
    // Nobody may be told of it, one way or the other: the connection ends.
    if (told === 'unsettled')
      throw new Violation(
        `${command} was answered ${answer}, and nobody knows what became of proposal ${id}`,
      );
    if (refused && times > 0)
      throw new Violation(`${command} was answered ${answer}, and proposal ${id} is in the log`);
  }

  checkAll(): void {
    for (const proposal of this.all) this.check(proposal);
  }
}

/** Puts a proposal's number behind its operations: in front, it would shift what the answer reads. */
function tagged<T>(proposal: Proposal, decide: Decide<T>): Decide<T> {
  return (state, now) => {
    const outcome = decide(state, now);
    proposal.writes = outcome.ok && outcome.value.operations.length > 0;
    if (!outcome.ok || !proposal.writes) return outcome;
    const tag: Operation = { kind: 'metadata', key: tagKey, value: String(proposal.id) };
    return { ok: true, value: { ...outcome.value, operations: [...outcome.value.operations, tag] } };
  };
}

/** An answer as its decision would give it. */
export type Answer = (committed: Committed) => unknown;
