import {
  joinedRecipient,
  type Recipient,
  type RecipientDirectory,
  type RecipientFailure,
  resolveRecipient,
} from '../../../shared/directory/resolve-recipient.ts';
import type { MailEngine } from '../../../shared/engine/engine.ts';
import { readMessage } from '../../../shared/engine/stage.ts';
import { type AccountId, type BlobKey, outboxAccount } from '../../../shared/ids.ts';
import { decodeRecord } from '../../../shared/message/record-codec.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Log } from '../../../shared/telemetry/log.ts';
import { followedFor } from '../../forwarding/followed.ts';
import type { Forwarder } from '../../forwarding/forwarder.ts';
import type { Arrival } from './notification.ts';
import { type Attempt, type Read, storeMessage } from './store-message.ts';

/** SES takes messages up to this size in, with their encoding. */
export const receivedLimit = 41 * 1024 * 1024;
/** Accounts that one message is written to at once. */
const storedAtOnce = 8;

/** A message as SES keeps it. */
export interface ReceivedMessage {
  /** Read to its end, once, before anything is copied. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Brings the same bytes to a key of the blob store. */
  readonly copyTo: (key: BlobKey) => Promise<void>;
}

export interface DeliverParts {
  readonly engine: MailEngine;
  readonly directory: RecipientDirectory;
  /** Undefined where the message is gone. */
  readonly receive: (arrival: Arrival) => Promise<ReceivedMessage | undefined>;
  /** Takes mail for addresses elsewhere; undefined where it goes to none. */
  readonly forwarder: Forwarder | undefined;
  readonly log: Log;
}

/** Why a recipient did not get the message, for good. */
export type Refusal = 'unknown' | 'suspended' | 'full';

/** What became of each recipient; those that are not in it have the message, now or since an earlier attempt. */
export type Refusals = ReadonlyMap<string, Refusal>;

/**
 * Brings a message to every account that its recipients lead to. The error is what another attempt may mend: the queue gives the
 * message out again, and accounts that have it know it by its id (SES's own, kept for 30 days).
 */
export async function deliverArrival(
  parts: DeliverParts,
  arrival: Arrival,
  attempt: Attempt,
): Promise<Result<Refusals, unknown>> {
  const refusals = new Map<string, Refusal>();
  const targets = new Map<AccountId, { recipient: Recipient; readonly addresses: string[] }>();
  try {
    for (const address of new Set(arrival.recipients)) {
      const resolved = await resolve(parts, arrival, address);
      if (!resolved.ok) refusals.set(address, resolved.error.kind === 'suspended' ? 'suspended' : 'unknown');
      else
        for (const recipient of resolved.value) {
          const known = targets.get(recipient.account.id);
          if (known) {
            known.addresses.push(address);
            known.recipient = joinedRecipient(known.recipient, recipient);
          } else targets.set(recipient.account.id, { recipient, addresses: [address] });
        }
    }
    const waiting = [...targets.values()];
    const failures: unknown[] = [];
    const received = onceRead(parts, arrival);
    const worker = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const stored = await storeFor(parts, arrival, attempt, received, next.recipient);
        if (!stored.ok) failures.push(stored.error);
        else if (stored.value === 'full') for (const address of next.addresses) refusals.set(address, 'full');
      }
    };
    await Promise.all(Array.from({ length: Math.min(storedAtOnce, waiting.length) }, worker));
    return failures.length > 0 ? err(failures[0]) : ok(refusals);
  } catch (cause) {
    return err(cause);
  }
}

/** Of a sender that was rewritten here, whom it stands for; see Forwarder. */
async function resolve(
  { directory, forwarder }: DeliverParts,
  { sender }: Arrival,
  address: string,
): Promise<Result<readonly Recipient[], RecipientFailure>> {
  const back = await forwarder?.returning(address, sender);
  if (back !== undefined) return back.ok ? ok([back.value]) : err({ kind: 'unknownUser' });
  return await resolveRecipient(directory, address, followedFor(forwarder, address, sender));
}

/** Sends a message on to where its recipient's forwarding leads outside, unless it is to stay. `kept`: the account has a copy. */
async function sendOn(
  { receive, forwarder, log }: DeliverParts,
  arrival: Arrival,
  received: () => Promise<Read>,
  { account, outside }: Recipient,
  kept: boolean,
): Promise<Result<'kept' | 'sent', unknown>> {
  const [first, ...others] = outside;
  if (forwarder === undefined || first === undefined) return ok('kept');
  if (arrival.verdict === 'spam') {
    log.info({ event: 'forward.kept', account: account.id, reason: 'spam' });
    return ok(account.id === outboxAccount ? 'sent' : 'kept');
  }
  const read = await received();
  if (!read.ok) return read;
  const outcome = await forwarder.forward({
    account: account.id,
    via: account.address,
    targets: [first, ...others],
    sender: arrival.sender,
    // As for what is refused: only who is the sender is told, and no program.
    reportable: arrival.authenticated && !arrival.automatic,
    kept,
    header: decodeRecord(read.value.record).header,
    id: `ses:${arrival.messageId}`,
    async *message() {
      const again = await receive(arrival);
      if (again === undefined) throw new Error('the received object is gone');
      yield* again.body;
    },
    log,
  });
  if (outcome === 'unavailable') return err(new Error('the outbox is not available'));
  // What came to a rewritten sender and is no report has nobody who could be told.
  return ok(outcome === 'kept' ? 'kept' : 'sent');
}

/** Reads the message when the first account asks for it, and once however many do. */
function onceRead(parts: DeliverParts, arrival: Arrival): () => Promise<Read> {
  let read: Promise<Read> | undefined;
  const begin = async (): Promise<Read> => {
    const received = await parts.receive(arrival);
    if (received === undefined) return err({ kind: 'unavailable', cause: 'the received object is gone' });
    const message = await readMessage(received.body, receivedLimit);
    return message.ok ? ok({ ...message.value, copyTo: received.copyTo }) : message;
  };
  return () => (read ??= begin());
}

async function storeFor(
  parts: DeliverParts,
  arrival: Arrival,
  attempt: Attempt,
  received: () => Promise<Read>,
  recipient: Recipient,
): Promise<Result<'stored' | 'full', unknown>> {
  const store = () => storeIn(parts, arrival, attempt, received, recipient);
  if (recipient.outside.length === 0) return await store();
  // The copy first: of what cannot be sent on, only what is in the account is given up.
  const copied = recipient.copy ? await store() : undefined;
  if (copied?.ok === false) return copied;
  const sent = await sendOn(parts, arrival, received, recipient, copied?.value === 'stored');
  if (!sent.ok) return sent;
  // Where it went on, a copy that has no room is no reason to tell the sender.
  return sent.value === 'sent' ? ok('stored') : (copied ?? (await store()));
}

async function storeIn(
  parts: DeliverParts,
  arrival: Arrival,
  attempt: Attempt,
  received: () => Promise<Read>,
  recipient: Recipient,
): Promise<Result<'stored' | 'full', unknown>> {
  const { id } = recipient.account;
  const startedAt = Date.now();
  const done = await storeMessage(parts.engine, arrival, attempt, received, recipient);
  const ms = Date.now() - startedAt;
  const said = done.ok ? done.value : ({ outcome: 'unavailable', size: 0 } as const);
  parts.log.info({ event: 'smtp.delivery', protocol: 'ses', account: id, ...said, ms });
  if (!done.ok) return err('cause' in done.error ? done.error.cause : new Error(done.error.kind));
  return ok(said.outcome === 'overQuota' ? 'full' : 'stored');
}
