import type { Recipient } from '../../shared/directory/resolve-recipient.ts';
import type { Appended } from '../../shared/engine/actions.ts';
import { appendMessages } from '../../shared/engine/actions.ts';
import type { Decide } from '../../shared/engine/decision.ts';
import type { AccountHold, MailEngine } from '../../shared/engine/engine.ts';
import type { MailError } from '../../shared/engine/mail-error.ts';
import { readStaged, type StagedMessage, stageCopy } from '../../shared/engine/stage.ts';
import type { AccountId } from '../../shared/ids.ts';
import { decodeRecord } from '../../shared/message/record-codec.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { LogEvent } from '../../shared/telemetry/events.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Forwarder, ForwardOutcome } from '../forwarding/forwarder.ts';
import { mailboxFor } from './mailbox-for.ts';
import { wholeOrRest } from './preceded.ts';
import { type RetryMemory, retryKey } from './retries.ts';
import { countHops, maxHops } from './trace.ts';

/** An account that a message is for, open. */
export interface Target {
  readonly hold: AccountHold;
  /** By which the message came to it: of an alias's several, the account's own. */
  readonly address: string;
  /** RFC 5233: the mailbox to file it in, where there is one of that name. */
  readonly detail: string | undefined;
  /** Addresses elsewhere to which it sends the message on; see Recipient. */
  readonly outside: Recipient['outside'];
  /** Whether it is stored there, too. */
  readonly copy: boolean;
}

/** 'stored' also where it went on and has no room for a copy, and where an earlier attempt had done it. 'unavailable' also where it is not known: the sender is to try again. */
type StoreOutcome = 'stored' | 'overQuota' | 'unavailable';
/** 'noReport': see ForwardOutcome. */
export type TargetOutcome = StoreOutcome | 'noReport';

export interface DeliveryRequest {
  readonly protocol: Extract<LogEvent, { readonly event: 'smtp.delivery' }>['protocol'];
  /** The envelope's sender, empty for the null one. */
  readonly sender: string;
  /** Each account once, at least one. */
  readonly targets: readonly Target[];
  /** Put before the message. */
  readonly trace: Uint8Array;
  /** The message as it comes from the sender. What it throws is thrown on, and nothing is stored. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Most octets of `body`. */
  readonly limit: number;
  /** Of `body`, asked for when it has been read to its end. */
  readonly fingerprint: () => string;
  /** Needed where a target has addresses outside. */
  readonly forwarder: Forwarder | undefined;
  readonly log: Log;
}

const storedAtOnce = 8;

const outcomeOf: Record<MailError['kind'], StoreOutcome> = {
  overQuota: 'overQuota',
  noSuchMailbox: 'unavailable',
  mailboxExists: 'unavailable',
  hasChildren: 'unavailable',
  specialUseTaken: 'unavailable',
  badMailboxName: 'unavailable',
  notPossible: 'unavailable',
  limit: 'unavailable',
  tooLarge: 'unavailable',
  unavailable: 'unavailable',
  unsettled: 'unavailable',
};

/**
 * One message on its way into the accounts that it is for. `stage` takes its octets in, once; `store` makes it mail, account by
 * account; `close` gives up what was not stored. Each account has its own blob and its own entry.
 */
export class Delivery {
  readonly #engine: MailEngine;
  readonly #retries: RetryMemory;
  readonly #request: DeliveryRequest;
  /** The delivery ids that were used. */
  readonly #ids = new Map<AccountId, string>();
  readonly #startedAt = Date.now();
  #staged: StagedMessage | undefined;
  /** No entry names the staged octets; others are still copied from them. */
  #unused = true;

  constructor(engine: MailEngine, retries: RetryMemory, request: DeliveryRequest) {
    this.#engine = engine;
    this.#retries = retries;
    this.#request = request;
  }

  /** Reads the message to its end and puts it under the first account's key. */
  async stage(): Promise<Result<void, 'tooLarge' | 'loop' | 'unavailable'>> {
    const { targets, trace, body, limit, log } = this.#request;
    const { account } = targets[0]!.hold;
    const most = limit + trace.length;
    const chunks = body[Symbol.asyncIterator]();
    let staged: Result<StagedMessage, MailError>;
    try {
      staged = await account.stage(await wholeOrRest(trace, chunks, most), most);
    } finally {
      await chunks.return?.();
    }
    if (!staged.ok) {
      if (staged.error.kind === 'unavailable')
        log.error({ event: 'account.unavailable' }, staged.error.cause);
      return err(staged.error.kind === 'tooLarge' ? 'tooLarge' : 'unavailable');
    }
    this.#staged = staged.value;
    if (countHops(decodeRecord(staged.value.record).header) <= maxHops) return ok(undefined);
    await this.close();
    return err('loop');
  }

  /** The message without the trace fields, for who sends it on. Before `close`. */
  read(): AsyncGenerator<Uint8Array> {
    return readStaged(this.#engine.parts, this.#message, this.#request.trace.length);
  }

  /** Octets that it takes of an account's room. */
  get size(): number {
    return this.#message.size;
  }

  /** One outcome for each target, by account, when all are known. */
  async store(): Promise<ReadonlyMap<AccountId, TargetOutcome>> {
    const outcomes = new Map<AccountId, TargetOutcome>();
    const waiting = [...this.#request.targets];
    const worker = async () => {
      for (let target = waiting.shift(); target !== undefined; target = waiting.shift())
        outcomes.set(target.hold.account.id, await this.#storeFor(target));
    };
    await Promise.all(Array.from({ length: Math.min(storedAtOnce, waiting.length) }, worker));
    return outcomes;
  }

  /** The sender has its answer. For which accounts will it come again with this message? */
  answered(comesAgain: (account: AccountId) => boolean): void {
    const { sender, fingerprint } = this.#request;
    for (const [account, id] of this.#ids) {
      const key = retryKey(sender, account, fingerprint());
      if (comesAgain(account)) this.#retries.failed(key, id);
      else this.#retries.settled(key);
    }
  }

  /** Gives up the staged octets, if no entry of the account that they were staged for names them. */
  async close(): Promise<void> {
    const staged = this.#staged;
    this.#staged = undefined;
    if (staged !== undefined && this.#unused) await this.#request.targets[0]!.hold.account.unstage(staged);
  }

  get #message(): StagedMessage {
    if (this.#staged === undefined) throw new Error('the message is not staged');
    return this.#staged;
  }

  async #storeFor(target: Target): Promise<TargetOutcome> {
    const { sender, fingerprint } = this.#request;
    const { account } = target.hold;
    const deliveryId = this.#retries.idFor(retryKey(sender, account.id, fingerprint()));
    this.#ids.set(account.id, deliveryId);
    if (target.outside.length === 0) return await this.#append(target, deliveryId);
    // The copy first: of what cannot be sent on, only what is in the account is given up.
    const copied = target.copy ? await this.#append(target, deliveryId) : undefined;
    if (copied === 'unavailable') return copied;
    const sentOn = await this.#sendOn(target, deliveryId, copied === 'stored');
    if (sentOn === 'queued') return 'stored';
    return sentOn !== 'kept' ? sentOn : (copied ?? (await this.#append(target, deliveryId)));
  }

  async #sendOn({ hold, address, outside }: Target, id: string, kept: boolean): Promise<ForwardOutcome> {
    const { protocol, sender, forwarder, log } = this.#request;
    const [first, ...others] = outside;
    if (forwarder === undefined || first === undefined) return 'kept';
    try {
      return await forwarder.forward({
        account: hold.account.id,
        via: address,
        targets: [first, ...others],
        sender,
        // Who has signed in is the sender. Of others nobody has looked at who they are: a report may be what a forger wants.
        reportable: protocol === 'submission',
        kept,
        header: decodeRecord(this.#message.record).header,
        id,
        message: () => readStaged(this.#engine.parts, this.#message),
        log,
      });
    } catch (cause) {
      log.error({ event: 'account.unavailable' }, cause);
      return 'unavailable';
    }
  }

  async #append({ hold, detail }: Target, deliveryId: string): Promise<StoreOutcome> {
    const { protocol, log } = this.#request;
    const { account } = hold;
    const own = this.#message.account === account.id;
    const message = own ? ok(this.#message) : await stageCopy(this.#engine.parts, this.#message, account.id);
    let outcome: StoreOutcome = 'unavailable';
    let fate: 'stored' | 'duplicate' = 'stored';
    let failure: MailError | undefined;
    if (!message.ok) failure = message.error;
    else {
      const request = { message: message.value, flags: [], internalDate: undefined, deliveryId };
      const append: Decide<Appended> = (state, now) =>
        appendMessages(mailboxFor(state, detail), [request], 'inbox')(state, now);
      const appended = await account.commit(append);
      if (appended.ok) {
        outcome = 'stored';
        if (appended.value.uids.size === 0) fate = 'duplicate';
      } else {
        failure = appended.error;
        outcome = outcomeOf[appended.error.kind];
      }
      // Where it is not known whether an entry names the blob, it stays: garbage at the worst, and collected later.
      const unused = appended.ok ? fate === 'duplicate' : appended.error.kind !== 'unsettled';
      if (own) this.#unused = unused;
      else if (unused) await account.unstage(message.value);
    }
    if (failure !== undefined && 'cause' in failure)
      log.error({ event: 'account.unavailable' }, failure.cause);
    log.info({
      event: 'smtp.delivery',
      protocol,
      account: account.id,
      outcome: outcome === 'stored' ? fate : outcome,
      size: this.#message.size,
      ms: Date.now() - this.#startedAt,
    });
    return outcome;
  }
}
