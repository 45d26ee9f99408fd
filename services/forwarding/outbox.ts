import { createHash } from 'node:crypto';
import type { Account } from '../../shared/engine/account.ts';
import { type Appended, appendMessages, expungeMessages } from '../../shared/engine/actions.ts';
import type { Decide } from '../../shared/engine/decision.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import type { MailError } from '../../shared/engine/mail-error.ts';
import { purgeExpunged } from '../../shared/engine/retention.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import type { StagedMessage } from '../../shared/engine/stage.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { type AccountId, type MailboxId, outboxAccount, type Uid } from '../../shared/ids.ts';
import { ok, type Result } from '../../shared/result.ts';
import { type Envelope, envelopeLine, ownerOf, readEnvelope } from './envelope.ts';
import { fits, loadIn, loadOf, type OutboxLimits, outboxLimits } from './outbox-limits.ts';

/** A message that waits. */
export interface Waiting {
  readonly mailbox: MailboxId;
  readonly uid: Uid;
  /** The engine's number of it, never used again: it names the message. */
  readonly number: number;
  readonly envelope: Envelope;
  /** Since when, ms since 1970. */
  readonly since: number;
  /** Octets of the envelope's line, before the message. */
  readonly skipped: number;
  /** All octets of it. */
  readonly size: number;
}

type Known = Pick<Waiting, 'envelope' | 'skipped'>;

export interface Posted {
  readonly envelope: Envelope;
  /** What is posted again with the same id, within 30 days, is not taken twice. */
  readonly id: string;
  /** The message, each time from its start. */
  readonly message: () => AsyncIterable<Uint8Array>;
}

/** What an account has waiting is looked for among what waits in its lane, not in all of the outbox. */
const lanes = Array.from({ length: 64 }, (_, i) => `lane ${i}`);
/** Records that are in memory at once: each may have a header of a megabyte. */
const recordsAtOnce = 32;

/** Where mail that an account sends on waits. */
export const laneOf = (account: AccountId | undefined): string =>
  account === undefined ? 'INBOX' : lanes[createHash('sha256').update(account).digest()[0]! % lanes.length]!;

/** The first entry of the outbox. */
const prepare: Decide<void> = (state) =>
  ok({
    operations: ['INBOX', ...lanes]
      .filter((name) => state.mailboxes.named(name) === undefined)
      .map((name) => ({ kind: 'create' as const, name })),
    answer: () => undefined,
  });

/**
 * Mail on its way to addresses elsewhere: an account of its own in the engine, so that what is posted is as durable, as rarely doubled and
 * as well kept as mail that is delivered, on every store. A message's envelope stands before it in its blob.
 */
export class Outbox {
  readonly #engine: MailEngine;
  readonly #limits: OutboxLimits;
  /** Records are read once. By lane, as it was last looked at. */
  readonly #known = new Map<MailboxId, ReadonlyMap<number, Known | undefined>>();

  constructor(engine: MailEngine, limits = outboxLimits) {
    this.#engine = engine;
    this.#limits = limits;
  }

  /**
   * All of them are durable, or none: 'full' where too many wait already. An error leaves it open whether they were taken, and is for the
   * sender to come again. What a message throws is thrown on. All of a post are one account's.
   */
  post(posted: readonly [Posted, ...Posted[]]): Promise<Result<'taken' | 'known' | 'full', MailError>> {
    return this.#engine.with(outboxAccount, async (account) => {
      const ready = account.state.mailboxes.named(lanes.at(-1)!)
        ? ok(undefined)
        : await account.commit(prepare);
      if (!ready.ok) return ready;
      if (isKnown(account.state, posted)) return ok('known');
      const staged: StagedMessage[] = [];
      const giveUp = () => Promise.all(staged.map((one) => account.unstage(one)));
      try {
        for (const { envelope, message } of posted) {
          const one = await account.stage(joined(envelopeLine(envelope), message()), Number.MAX_SAFE_INTEGER);
          if (one.ok) staged.push(one.value);
          else {
            await giveUp();
            return one;
          }
        }
        if (await this.#isFull(account, posted, staged)) {
          await giveUp();
          return ok('full');
        }
      } catch (cause) {
        await giveUp();
        throw cause;
      }
      const appended = await account.commit(appendWithin(posted, staged, this.#limits));
      const unused = appended.ok
        ? appended.value === 'full' || appended.value.uids.size === 0
        : appended.error.kind !== 'unsettled';
      if (unused) await giveUp();
      if (!appended.ok) return appended;
      if (appended.value === 'full') return ok('full');
      return ok(appended.value.uids.size > 0 ? 'taken' : 'known');
    });
  }

  /** Whether who it is for has too much waiting. Those that come at the same moment do not count each other. */
  async #isFull(
    box: Account,
    posted: readonly [Posted, ...Posted[]],
    staged: readonly StagedMessage[],
  ): Promise<boolean> {
    const { account } = posted[0].envelope;
    const most = account === undefined ? this.#limits.recipient : this.#limits.account;
    const lane = box.state.mailboxes.named(laneOf(account));
    // Nobody has more in it than there is, which costs nothing to know.
    if (lane === undefined || fits(loadIn(lane), loadOf(staged), most)) return false;
    await box.catchUp();
    if (isKnown(box.state, posted)) return false;
    const waiting = await this.#waitingIn(box, lane.id);
    return [...new Set(posted.map(({ envelope }) => ownerOf(envelope)))].some((owner) => {
      const waits = loadOf(waiting.filter(({ envelope }) => ownerOf(envelope) === owner));
      return !fits(waits, loadOf(staged.filter((_, i) => ownerOf(posted[i]!.envelope) === owner)), most);
    });
  }

  /** Everything that waits, oldest first, as the log has it now. What has no envelope that is known here stays, and is told once. */
  async waiting(
    account: Account,
    unreadable: (cause: unknown) => void = () => {},
  ): Promise<readonly Waiting[]> {
    await account.catchUp();
    const all: Waiting[] = [];
    for (const { id, exists } of account.state.mailboxes) {
      if (exists > 0) all.push(...(await this.#waitingIn(account, id, unreadable)));
      else this.#known.delete(id);
    }
    return all.sort((a, b) => a.number - b.number);
  }

  async #waitingIn(
    account: Account,
    mailbox: MailboxId,
    unreadable?: (cause: unknown) => void,
  ): Promise<readonly Waiting[]> {
    await account.load(mailbox);
    const rows = [...rowsOf(account.state.mailboxes.get(mailbox)?.chunks ?? [])];
    const before = this.#known.get(mailbox);
    const known = new Map<number, Known | undefined>();
    const fresh: number[] = [];
    for (const { message } of rows)
      if (before?.has(message)) known.set(message, before.get(message));
      else fresh.push(message);
    for (let at = 0; at < fresh.length; at += recordsAtOnce) {
      const some = fresh.slice(at, at + recordsAtOnce);
      (await account.records(some)).forEach(({ header }, i) => {
        try {
          const { envelope, length } = readEnvelope(header);
          known.set(some[i]!, { envelope, skipped: length });
        } catch (cause) {
          // Without anybody to be told it is left to who comes next.
          if (unreadable) known.set(some[i]!, undefined);
          unreadable?.(cause);
        }
      });
    }
    this.#known.set(mailbox, known);
    return rows.flatMap(({ uid, message, internalDate, size }) => {
      const one = known.get(message);
      const place = { mailbox, uid: uid as Uid, number: message };
      return one ? [{ ...place, since: internalDate * 1000, size, ...one }] : [];
    });
  }

  /** The octets of a message that waits, without its envelope. */
  async *read(account: Account, { number, skipped }: Waiting): AsyncGenerator<Uint8Array> {
    const { body } = await account.body(number, { start: skipped, end: Number.MAX_SAFE_INTEGER });
    if (body instanceof Uint8Array) yield body;
    else yield* body;
  }

  /** It went, or is given up. */
  async remove(account: Account, { mailbox, uid }: Waiting): Promise<Result<void, MailError>> {
    const done = await account.commit(expungeMessages(mailbox, UidSet.of([uid])));
    return done.ok ? ok(undefined) : done;
  }

  /** Deletes what was removed: nobody restores from here. */
  async clear(account: Account): Promise<void> {
    const { parts } = this.#engine;
    const done = await purgeExpunged(account, parts, Math.floor(parts.entropy.now() / 1000));
    if (!done.ok) throw new Error(`purge: ${done.error.kind}`, { cause: done.error });
  }

  /** Runs with the outbox open. */
  with<T>(use: (account: Account) => Promise<Result<T, MailError>>): Promise<Result<T, MailError>> {
    return this.#engine.with(outboxAccount, use);
  }

  open() {
    return this.#engine.open(outboxAccount);
  }
}

const isKnown = ({ deliveries, time }: AccountState, posted: readonly Posted[]): boolean =>
  posted.every(({ id }) => deliveries.has(id, Math.floor(time / 1000)));

/** Appends to the lane of the account that forwards, within what may wait there. */
const appendWithin =
  (
    posted: readonly [Posted, ...Posted[]],
    staged: readonly StagedMessage[],
    limits: OutboxLimits,
  ): Decide<Appended | 'full'> =>
  (state, now) => {
    const { account } = posted[0].envelope;
    const lane = laneOf(account);
    const waits = loadIn(state.mailboxes.named(lane) ?? { exists: 0, bytes: 0 });
    const most = account === undefined ? limits.reports : limits.lane;
    if (!isKnown(state, posted) && !fits(waits, loadOf(staged), most))
      return ok({ operations: [], answer: () => 'full' });
    const requests = staged.map((message, i) => ({
      message,
      flags: [],
      internalDate: undefined,
      deliveryId: posted[i]!.id,
    }));
    return appendMessages(lane, requests, 'inbox')(state, now);
  };

async function* joined(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}
