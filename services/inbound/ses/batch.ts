import type { Log } from '../../../shared/telemetry/log.ts';
import { type Bounce, bounceFor } from './bounce.ts';
import { type DeliverParts, deliverArrival } from './deliver.ts';
import { parseNotification } from './notification.ts';

export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  readonly attributes?: {
    /** How often the queue has given it out, this time included. */
    readonly ApproximateReceiveCount: string;
  };
}

export interface BatchParts extends DeliverParts {
  /** Sees to it that the bounce is sent, once for each message however often it is called. */
  readonly bounce: (bounce: Bounce) => Promise<void>;
  readonly log: Log;
}

/** The messages that the queue is to give out again; as Lambda wants it told. */
export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/**
 * Delivers a batch from the queue. All at once, so that messages for one account share an entry. One that fails goes back to the queue, and after
 * five attempts to the dead-letter queue; the others are done.
 */
export async function deliverBatch(
  parts: BatchParts,
  messages: readonly QueuedMessage[],
): Promise<BatchAnswer> {
  const failed: string[] = [];
  const one = async ({ messageId, body, attributes }: QueuedMessage): Promise<void> => {
    const parsed = parseNotification(body);
    if (!parsed.ok) {
      parts.log.error({ event: 'ses.unreadable', queued: messageId }, parsed.error);
      failed.push(messageId);
      return;
    }
    const arrival = parsed.value;
    if (arrival === 'setup') return;
    if (arrival.verdict === 'virus') {
      parts.log.warn({ event: 'ses.dropped', message: arrival.messageId, reason: 'virus' });
      return;
    }
    const again = attributes !== undefined && attributes.ApproximateReceiveCount !== '1';
    const delivered = await deliverArrival(parts, arrival, again ? 'again' : 'first');
    if (!delivered.ok) {
      parts.log.error({ event: 'ses.failed', message: arrival.messageId }, delivered.error);
      failed.push(messageId);
      return;
    }
    if (delivered.value.size === 0) return;
    const bounce = bounceFor(arrival, delivered.value);
    parts.log.warn({
      event: 'ses.refused',
      message: arrival.messageId,
      recipients: delivered.value.size,
      told: bounce !== undefined,
    });
    if (bounce === undefined) return;
    try {
      await parts.bounce(bounce);
    } catch (cause) {
      // Begun again, the accounts know that they have the message.
      parts.log.error({ event: 'ses.failed', message: arrival.messageId }, cause);
      failed.push(messageId);
    }
  };
  await Promise.all(messages.map(one));
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
