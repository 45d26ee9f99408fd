import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import type { MailEngine } from '../../shared/engine/engine.ts';
import type { AccountRecord } from '../../shared/ports/directory.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Forwarder } from '../forwarding/forwarder.ts';
import { Delivery } from '../inbound/delivery.ts';
import type { PostmasterDirectory } from '../inbound/postmaster.ts';
import { preceded } from '../inbound/preceded.ts';
import { declaredSize } from '../inbound/reception.ts';
import { OpenRecipients, recipientWording, resolve } from '../inbound/recipients.ts';
import type { RetryMemory } from '../inbound/retries.ts';
import { type SmtpHandlers, skip } from '../inbound/smtp-handlers.ts';
import { disabledCommands } from '../inbound/smtp-listener.ts';
import { SmtpReply, tryLater } from '../inbound/smtp-reply.ts';
import { holdMessage } from './held-message.ts';
import { type Outgoing, outgoingOf } from './outgoing.ts';
import { partlyRefused } from './partly-refused.ts';
import { maySendAs } from './sender.ts';
import type { SubmissionSignIn } from './sign-in.ts';
import type { Relay } from './smart-host.ts';

export interface SubmissionHandlerParts {
  readonly engine: MailEngine;
  readonly directory: PostmasterDirectory;
  readonly relay: Relay | undefined;
  /** Takes mail that local recipients send on to addresses elsewhere; undefined where it goes to none. */
  readonly forwarder: Forwarder | undefined;
  readonly retries: RetryMemory;
  readonly hostname: string;
  /** Where mail to `<postmaster>` without a domain goes; see `resolvePostmaster`. */
  readonly postmaster: string | undefined;
  readonly messageLimit: number;
  readonly allowPlaintextAuth: boolean;
  readonly offerTls: boolean;
  readonly signIn: SubmissionSignIn;
  readonly log: Log;
}

interface Transaction {
  readonly account: AccountRecord;
  readonly sender: string;
  readonly size: number;
  readonly eightBit: boolean;
  readonly local: OpenRecipients;
  localCount: number;
  /** Case-insensitive repeats come once. */
  readonly remote: Map<string, string>;
}

/** Takes mail from people who have signed in (RFC 6409). Local recipients get it at once, others by way of the smart host. */
export class Submission implements SmtpHandlers {
  readonly #parts: SubmissionHandlerParts;
  readonly #transactions = new Map<string, Transaction>();

  constructor(parts: SubmissionHandlerParts) {
    this.#parts = parts;
  }

  /** AUTH is not even offered before TLS (RFC 4954 §4); `mailFrom` sees to it that nothing goes without. */
  connected(session: SMTPServerSession): undefined {
    const { allowPlaintextAuth, offerTls } = this.#parts;
    if (!session.secure && !allowPlaintextAuth)
      session.disabledCommands = ['AUTH', ...disabledCommands(offerTls)];
  }

  secured(session: SMTPServerSession): void {
    delete session.disabledCommands;
  }

  async mailFrom(
    session: SMTPServerSession,
    { address, args }: Parameters<SmtpHandlers['mailFrom']>[1],
  ): Promise<SmtpReply | undefined> {
    this.closed(session);
    const { engine, retries, allowPlaintextAuth } = this.#parts;
    const account = session.user as AccountRecord | undefined;
    if (!session.secure && !allowPlaintextAuth)
      return new SmtpReply(530, '5.7.0', 'Issue STARTTLS first, then sign in');
    if (!account) return new SmtpReply(530, '5.7.0', 'Sign in first');
    // Before the directory is asked: a connection that closes meanwhile finds what it has to give up.
    this.#transactions.set(session.id, {
      account,
      sender: address,
      size: declaredSize(args),
      eightBit: session.envelope.bodyType === '8bitmime',
      local: new OpenRecipients(engine, retries, address),
      localCount: 0,
      remote: new Map(),
    });
    const refusal = await this.#senderRefusal(account, address);
    if (refusal !== undefined) this.closed(session);
    return refusal;
  }

  async #senderRefusal(account: AccountRecord, address: string): Promise<SmtpReply | undefined> {
    const { directory, log } = this.#parts;
    try {
      if (await maySendAs(directory, account, address)) return undefined;
      return new SmtpReply(553, '5.7.1', 'That is no address of yours');
    } catch (cause) {
      log.error({ event: 'account.unavailable' }, cause);
      return tryLater();
    }
  }

  async rcptTo(
    session: SMTPServerSession,
    { address }: Parameters<SmtpHandlers['rcptTo']>[1],
  ): Promise<SmtpReply | undefined> {
    const { directory, relay, log } = this.#parts;
    const transaction = this.#transactions.get(session.id);
    if (transaction === undefined) return tryLater();
    const resolved = await resolve(directory, address, transaction.sender, this.#parts, log);
    if (resolved.ok) {
      const refusal = await transaction.local.add(resolved.value, transaction.size, log);
      if (refusal === undefined) transaction.localCount++;
      return refusal;
    }
    switch (resolved.error.kind) {
      case 'unavailable':
        return tryLater();
      case 'unknownDomain':
        if (relay === undefined)
          return new SmtpReply(550, '5.7.1', 'No relay is configured: mail goes to local addresses only');
        transaction.remote.set(address.toLowerCase(), address);
        return undefined;
      default:
        return recipientWording[resolved.error.kind]();
    }
  }

  closed(session: SMTPServerSession): void {
    this.#transactions.get(session.id)?.local.release();
    this.#transactions.delete(session.id);
  }

  gone(session: SMTPServerSession): void {
    this.#parts.signIn.gone(session);
  }

  async data(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<SmtpReply | undefined> {
    const transaction = this.#transactions.get(session.id);
    if (transaction === undefined) return tryLater();
    this.#transactions.delete(session.id);
    const { account, sender } = transaction;
    const now = this.#parts.engine.parts.entropy.now();
    const outgoing = outgoingOf(stream, session, { ...this.#parts, account, sender, now });
    try {
      if (transaction.localCount > 0) return await this.#deliver(transaction, outgoing);
      return await this.#passOn(transaction, outgoing);
    } catch (cause) {
      const refusal = outgoing.refusal();
      if (refusal === undefined) throw cause;
      return refusal;
    } finally {
      skip(stream);
      transaction.local.release();
    }
  }

  /** The whole message is here before the relay hears of it: a slow client keeps its own connection busy, and none of the relay's. */
  async #passOn(transaction: Transaction, { received, body }: Outgoing): Promise<SmtpReply | undefined> {
    const { engine, log } = this.#parts;
    const held = await holdMessage(engine.parts, received, body);
    if (!held.ok) {
      if ('cause' in held.error) log.error({ event: 'account.unavailable' }, held.error.cause);
      return tryLater();
    }
    try {
      return await this.#relay(transaction, () => held.value.read());
    } finally {
      await held.value.release();
    }
  }

  /**
   * Local recipients first: they take no second copy if the client has to come again because of the others, which a smart host cannot
   * promise.
   */
  async #deliver(transaction: Transaction, outgoing: Outgoing): Promise<SmtpReply | undefined> {
    const { engine, retries, forwarder, log } = this.#parts;
    const { sender, local, remote } = transaction;
    const delivery = new Delivery(engine, retries, {
      protocol: 'submission',
      sender,
      targets: local.targets,
      trace: Buffer.concat([Buffer.from(`Return-Path: <${sender}>\r\n`), outgoing.received]),
      body: outgoing.body,
      // The octets that came are limited; what is added to them does not count.
      limit: Number.MAX_SAFE_INTEGER,
      fingerprint: () => outgoing.print.value,
      forwarder,
      log,
    });
    const staged = await delivery.stage();
    if (!staged.ok) return tryLater();
    try {
      const localReply = local.joined(await delivery.store(), delivery.size);
      const sends = localReply === undefined && remote.size > 0;
      const reply = sends
        ? await this.#relay(transaction, () => preceded(outgoing.received, delivery.read()))
        : localReply;
      // After a refusal for good nobody comes again: the same octets are then sent anew.
      delivery.answered(() => reply?.temporary === true);
      return reply;
    } finally {
      await delivery.close();
    }
  }

  async #relay(
    { account, sender, eightBit, remote }: Transaction,
    message: () => AsyncIterable<Uint8Array>,
  ): Promise<SmtpReply | undefined> {
    const { relay, log } = this.#parts;
    if (relay === undefined) return tryLater();
    const startedAt = Date.now();
    let size = 0;
    async function* counted() {
      size = 0;
      for await (const chunk of message()) {
        size += chunk.length;
        yield chunk;
      }
    }
    const recipients = [...remote.values()];
    const sent = await relay.send({ sender, recipients, eightBit, message: counted });
    const outcome = sent.ok ? 'accepted' : sent.error.kind;
    const event = {
      event: 'smtp.relay',
      account: account.id,
      recipients: recipients.length,
      size,
      outcome,
    } as const;
    const ms = Date.now() - startedAt;
    if (!sent.ok && sent.error.kind === 'unavailable') log.warn({ ...event, ms }, sent.error.cause);
    else log.info({ ...event, ms });
    if (!sent.ok)
      return sent.error.kind === 'refused'
        ? new SmtpReply(554, sent.error.code ?? '5.0.0', 'The relay refused the message')
        : new SmtpReply(451, '4.4.1', 'The relay cannot be reached, please try again later');
    return partlyRefused(sent.value.rejected);
  }
}
