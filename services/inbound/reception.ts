import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import type { MailEngine } from '../../shared/engine/engine.ts';
import { systemEntropy } from '../../shared/ids.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Forwarder } from '../forwarding/forwarder.ts';
import { Delivery, type DeliveryRequest } from './delivery.ts';
import { Fingerprint, withCrLf } from './line-ends.ts';
import type { PostmasterDirectory } from './postmaster.ts';
import { OpenRecipients, recipientWording, resolve } from './recipients.ts';
import type { RetryMemory } from './retries.ts';
import { type SmtpHandlers, skip } from './smtp-handlers.ts';
import { SmtpReply, tryLater } from './smtp-reply.ts';
import { type Origin, traceFields } from './trace.ts';

export interface ReceptionParts {
  readonly engine: MailEngine;
  readonly directory: PostmasterDirectory;
  readonly retries: RetryMemory;
  readonly protocol: 'smtp' | 'lmtp';
  /** This server's name, in trace fields. */
  readonly hostname: string;
  /** Most octets of a message. */
  readonly messageLimit: number;
  /** Where mail to `<postmaster>` without a domain goes (RFC 5321 §4.5.1). */
  readonly postmaster: string | undefined;
  /** Undefined where mail goes to no addresses elsewhere. */
  readonly forwarder: Forwarder | undefined;
  readonly log: Log;
}

/** A mail transaction: from MAIL to the answer to DATA. */
interface Transaction {
  readonly sender: string;
  /** As SIZE= said, 0 where it did not. */
  readonly size: number;
  readonly recipients: OpenRecipients;
  /** As they were named. */
  readonly addresses: string[];
}

/** SIZE of a MAIL command (RFC 1870), 0 where it says none. */
export const declaredSize = (args: false | Record<string, string | true>): number =>
  (args && typeof args.SIZE === 'string' && Number(args.SIZE)) || 0;

/** Who sends, for the trace fields. */
export function originOf(session: SMTPServerSession): Origin {
  const { tlsOptions } = session;
  return {
    helo: session.hostNameAppearsAs || 'unknown',
    remote: session.remoteAddress,
    protocol: session.transmissionType,
    tls: tlsOptions ? { version: tlsOptions.version, name: tlsOptions.name } : undefined,
    id: Buffer.from(systemEntropy.bytes(8)).toString('hex'),
  };
}

/** Chunks below this are joined: smtp-server cuts at every dot that it takes away. */
const joinedBytes = 32 * 1024;

/** A message's chunks. The stream outlives a reader that stops early, so that its rest can be read over. */
export async function* chunksOf(stream: SMTPServerDataStream): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    held.push(chunk);
    bytes += chunk.length;
    if (bytes < joinedBytes) continue;
    yield held.length === 1 ? chunk : Buffer.concat(held, bytes);
    held = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(held, bytes);
}

export const tooLarge = (limit: number): SmtpReply =>
  new SmtpReply(552, '5.3.4', `Messages are at most ${limit} bytes`);
export const loops = (): SmtpReply => new SmtpReply(554, '5.4.6', 'The message goes round in a circle');

/** Takes mail in over SMTP or LMTP: recipients are judged at RCPT, and DATA is answered when every account's outcome is known. */
export class Reception implements SmtpHandlers {
  readonly #parts: ReceptionParts;
  readonly #transactions = new Map<string, Transaction>();

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
  }

  async mailFrom(
    session: SMTPServerSession,
    { address, args }: Parameters<SmtpHandlers['mailFrom']>[1],
  ): Promise<undefined> {
    this.closed(session);
    const { engine, retries } = this.#parts;
    const recipients = new OpenRecipients(engine, retries, address);
    this.#transactions.set(session.id, {
      sender: address,
      size: declaredSize(args),
      recipients,
      addresses: [],
    });
  }

  async rcptTo(
    session: SMTPServerSession,
    { address }: Parameters<SmtpHandlers['rcptTo']>[1],
  ): Promise<SmtpReply | undefined> {
    const { directory, protocol, log } = this.#parts;
    const transaction = this.#transactions.get(session.id);
    if (transaction === undefined) return tryLater();
    const resolved = await resolve(directory, address, transaction.sender, this.#parts, log);
    if (!resolved.ok)
      return resolved.error.kind === 'unavailable' ? tryLater() : recipientWording[resolved.error.kind]();
    const refusal = await transaction.recipients.add(resolved.value, transaction.size, log);
    if (refusal !== undefined) return refusal;
    transaction.addresses.push(address);
    // LMTP answers each accepted RCPT, also one that repeats another (RFC 2033 §4.2); smtp-server would take them for one.
    if (protocol === 'lmtp')
      session.envelope.rcptTo.forEach((earlier, i) => {
        earlier.address = `#${i}`;
      });
    return undefined;
  }

  closed(session: SMTPServerSession): void {
    this.#transactions.get(session.id)?.recipients.release();
    this.#transactions.delete(session.id);
  }

  async data(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
  ): Promise<SmtpReply | undefined | readonly (SmtpReply | undefined)[]> {
    const transaction = this.#transactions.get(session.id);
    if (transaction === undefined) return tryLater();
    // The transaction is this call's from here on: a connection that closes meanwhile must not let its accounts go.
    this.#transactions.delete(session.id);
    try {
      return await this.#deliver(stream, session, transaction);
    } finally {
      skip(stream);
      transaction.recipients.release();
    }
  }

  /** SMTP's one reply; LMTP's for each recipient, in their order, all the same where the message as a whole was refused. */
  async #deliver(stream: SMTPServerDataStream, session: SMTPServerSession, transaction: Transaction) {
    const { engine, retries, protocol, hostname, messageLimit, forwarder, log } = this.#parts;
    const { sender, recipients, addresses } = transaction;
    const { targets } = recipients;
    const recipient = addresses.length === 1 && targets.length === 1 ? addresses[0] : undefined;
    const print = new Fingerprint();
    const request: DeliveryRequest = {
      protocol,
      sender,
      targets,
      trace: traceFields(originOf(session), {
        hostname,
        now: engine.parts.entropy.now(),
        sender,
        recipient,
      }),
      body: print.of(withCrLf(chunksOf(stream))),
      limit: messageLimit,
      fingerprint: () => print.value,
      forwarder,
      log,
    };
    const delivery = new Delivery(engine, retries, request);
    const staged = await delivery.stage();
    if (!staged.ok) {
      const refusals = { tooLarge: () => tooLarge(messageLimit), loop: loops, unavailable: tryLater };
      const refusal = refusals[staged.error]();
      return protocol === 'lmtp' ? addresses.map(() => refusal) : refusal;
    }
    const outcomes = await delivery.store();
    const replies = recipients.replies(outcomes);
    const joined = protocol === 'lmtp' ? undefined : recipients.joined(outcomes, delivery.size);
    const again = new Set<string>();
    const comesAgain = (i: number) => (protocol === 'lmtp' ? replies[i] : joined)?.temporary;
    replies.forEach((_, i) => {
      if (comesAgain(i)) for (const account of recipients.accountsOf(i)) again.add(account);
    });
    delivery.answered((account) => again.has(account));
    await delivery.close();
    return protocol === 'lmtp' ? replies : joined;
  }
}
