import {
  joinedRecipient,
  type Recipient,
  type RecipientFailure,
  resolveRecipient,
} from '../../shared/directory/resolve-recipient.ts';
import type { AccountHold, MailEngine } from '../../shared/engine/engine.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import type { AccountId } from '../../shared/ids.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import { followedFor } from '../forwarding/followed.ts';
import type { Forwarder } from '../forwarding/forwarder.ts';
import type { Target, TargetOutcome } from './delivery.ts';
import {
  isBarePostmaster,
  type PostmasterDirectory,
  type PostmasterOptions,
  resolvePostmaster,
} from './postmaster.ts';
import type { RetryMemory } from './retries.ts';
import { mailboxFull, SmtpReply, tryLater } from './smtp-reply.ts';

/** What a message's recipients are looked up with. */
export interface ResolveOptions extends PostmasterOptions {
  /** Undefined where mail goes to no addresses elsewhere. */
  readonly forwarder: Forwarder | undefined;
}

type Refusal = RecipientFailure | { readonly kind: 'notOurs' };

type Wording = Readonly<Record<Refusal['kind'], () => SmtpReply>>;

/** RFC 3463 §3. */
export const recipientWording: Wording = {
  badAddress: () => new SmtpReply(553, '5.1.3', 'That is no address'),
  unknownDomain: () => new SmtpReply(550, '5.7.1', 'Mail for that domain is not relayed here'),
  unknownUser: () => new SmtpReply(550, '5.1.1', 'There is no such address here'),
  suspended: () => new SmtpReply(550, '5.2.1', 'The account is suspended'),
  notOurs: () => new SmtpReply(550, '5.7.1', 'That return address is not valid, or takes reports only'),
  tooManyRecipients: () => new SmtpReply(554, '5.4.6', 'The address leads to too many accounts'),
};

const noReport = recipientWording.notOurs();

/** Resolves, or says why not; a directory that cannot be asked is a matter for later. */
export async function resolve(
  directory: PostmasterDirectory,
  address: string,
  sender: string,
  options: ResolveOptions,
  log: Log,
): Promise<Result<readonly Recipient[], Refusal | { readonly kind: 'unavailable' }>> {
  const { forwarder } = options;
  const followed = followedFor(forwarder, address, sender);
  try {
    if (isBarePostmaster(address)) return await resolvePostmaster(directory, options, followed);
    const back = await forwarder?.returning(address, sender);
    if (back !== undefined) return back.ok ? ok([back.value]) : err({ kind: back.error });
    return await resolveRecipient(directory, address, followed);
  } catch (cause) {
    log.error({ event: 'account.unavailable' }, cause);
    return err({ kind: 'unavailable' });
  }
}

/** What is put before a message that comes, at most, octets: its sender does not count it. */
const traceBytes = 4096;

/** To a recipient that may have no room for a message which others take: with a reply of its own it gets to know. */
const comeApart = (): SmtpReply =>
  new SmtpReply(
    452,
    '4.2.2',
    'The mailbox may have no room for the message, please send it apart from others',
  );

/** Full already, or with this message (`size` 0 where the sender has not said). */
const isFull = ({ limits, usage }: AccountState, size: number): boolean =>
  limits.bytes !== undefined && (usage.bytes + size > limits.bytes || usage.bytes >= limits.bytes);

/**
 * The accounts of one mail transaction. They are opened when they are named, which is when their quota is looked at, and stay open
 * until the message is in: one read of the log each.
 */
export class OpenRecipients {
  readonly #engine: MailEngine;
  readonly #retries: RetryMemory;
  readonly #sender: string;
  readonly #targets = new Map<AccountId, Target>();
  readonly #recipients: (readonly AccountId[])[] = [];
  /** Those whose message may have no room among others: by whatever recipient they are named. */
  readonly #apart = new Set<AccountId>();
  /** The connection may go while an account is being opened. */
  #released = false;

  constructor(engine: MailEngine, retries: RetryMemory, sender: string) {
    this.#engine = engine;
    this.#retries = retries;
    this.#sender = sender;
  }

  /** Each account once, however many recipients lead to it. */
  get targets(): readonly Target[] {
    return [...this.#targets.values()];
  }

  /** Adds a recipient, or says why it cannot be one. */
  async add(recipients: readonly Recipient[], size: number, log: Log): Promise<SmtpReply | undefined> {
    const opened: Target[] = [];
    let full = 0;
    let failed = false;
    let apart = false;
    for (const { account, detail, outside, copy } of recipients) {
      const hold = this.#targets.get(account.id)?.hold ?? (await this.#open(account.id, log));
      if (hold === undefined) failed = true;
      else opened.push({ hold, address: account.address, detail, outside, copy });
      // What goes on to elsewhere takes no room here.
      if (hold === undefined || outside.length > 0) continue;
      const { state } = hold.account;
      if (isFull(state, size)) full++;
      const earlier = this.#retries.takeSize(this.#sender, account.id);
      // One that says that it is smaller is another.
      const mayBeIt = size === 0 || isFull(state, size + traceBytes);
      if (earlier !== undefined && mayBeIt && isFull(state, earlier)) this.#apart.add(account.id);
      apart ||= this.#apart.has(account.id);
    }
    // An alias is refused where none of its accounts has room; where some have, the delivery tells.
    if (this.#released) failed = true;
    const isFullForAll = full === recipients.length;
    const refusal = failed ? tryLater() : isFullForAll ? mailboxFull() : apart ? comeApart() : undefined;
    for (const target of opened) {
      const { id } = target.hold.account;
      const known = this.#targets.get(id);
      if (refusal === undefined) this.#targets.set(id, known ? joinedRecipient(known, target) : target);
      else if (known === undefined) target.hold.release();
    }
    if (refusal === undefined) this.#recipients.push(recipients.map(({ account }) => account.id));
    return refusal;
  }

  async #open(id: AccountId, log: Log): Promise<AccountHold | undefined> {
    const opened = await this.#engine.open(id);
    if (opened.ok) return opened.value;
    if ('cause' in opened.error) log.error({ event: 'account.unavailable' }, opened.error.cause);
    return undefined;
  }

  /**
   * What became of each recipient, in the order of their coming. Several accounts behind one are told as one: try again where any must,
   * refused where one is full, for the others know the message when it comes again.
   */
  replies(outcomes: ReadonlyMap<AccountId, TargetOutcome>): readonly (SmtpReply | undefined)[] {
    return this.#recipients.map((accounts) => {
      const known = accounts.map((id) => outcomes.get(id) ?? 'unavailable');
      if (known.includes('unavailable')) return tryLater();
      if (known.includes('noReport')) return noReport;
      return known.includes('overQuota') ? mailboxFull() : undefined;
    });
  }

  /**
   * SMTP's one answer for all recipients. Where some have the message and others do not, the sender is asked to come again, which is harmless to
   * those that have it. A full account is then put off at RCPT, so that its sender comes for it alone, and one answer says what there is to say.
   */
  joined(outcomes: ReadonlyMap<AccountId, TargetOutcome>, size: number): SmtpReply | undefined {
    const replies = this.replies(outcomes);
    const failures = replies.filter((reply) => reply !== undefined);
    const settled = failures.length === replies.length && failures.every((reply) => !reply.temporary);
    if (failures.length === 0 || settled) return failures[0];
    // Somebody has it, and what is no report will not become one.
    if (failures.every((reply) => reply === noReport)) return undefined;
    for (const [account, outcome] of outcomes)
      if (outcome === 'overQuota') this.#retries.hadNoRoom(this.#sender, account, size);
    return tryLater();
  }

  /** The accounts behind a recipient, by its place in the order of their coming. */
  accountsOf(recipient: number): readonly AccountId[] {
    return this.#recipients[recipient] ?? [];
  }

  release(): void {
    this.#released = true;
    for (const { hold } of this.#targets.values()) hold.release();
    this.#targets.clear();
  }
}
