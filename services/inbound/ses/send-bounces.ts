import { z } from 'zod';
import type { Result } from '../../../shared/result.ts';
import type { Log } from '../../../shared/telemetry/log.ts';
import type { BatchAnswer, QueuedMessage } from './batch.ts';
import { type Bounce, bounceKeys, decodeBounce } from './bounce.ts';

/** What S3 tells of new objects; of its try of the queue, when the bucket is made, it tells none. */
const shape = z.object({
  Records: z.array(z.object({ s3: z.object({ object: z.object({ key: z.string() }) }) })).default([]),
});

export interface SendBounceParts {
  readonly notes: {
    get(key: string): Promise<Uint8Array>;
    /** What lies under the key afterwards: these bytes, or those that were there before. */
    putOnce(key: string, bytes: Uint8Array): Promise<Uint8Array>;
  };
  /** 'refused': for good. 'unavailable': later it may work. */
  readonly send: (
    bounce: Bounce,
  ) => Promise<Result<void, { readonly kind: 'refused' | 'unavailable'; readonly cause: unknown }>>;
  readonly log: Log;
}

/**
 * Sends the bounces that the queue tells of. Whoever notes first that a bounce is its own sends it, and again if it has to: the note is the queue's
 * name for the message, so that one which comes again after a crash finds its own, and a second message about the same bounce another's.
 */
export async function sendBounces(
  parts: SendBounceParts,
  messages: readonly QueuedMessage[],
): Promise<BatchAnswer> {
  const failed: string[] = [];
  // One after another: SES takes one bounce a second.
  for (const { messageId, body } of messages) {
    const keys = newKeys(body);
    if (keys === undefined) parts.log.error({ event: 'ses.unreadable', queued: messageId }, 'no event of S3');
    for (const key of keys ?? []) {
      try {
        if (await sent(parts, key, messageId)) continue;
      } catch (cause) {
        parts.log.error({ event: 'ses.bounceFailed', message: key }, cause);
      }
      failed.push(messageId);
      break;
    }
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

/** Undefined where it is not what S3 tells. */
function newKeys(body: string): readonly string[] | undefined {
  try {
    const { Records } = shape.parse(JSON.parse(body));
    return Records.map(({ s3 }) => decodeURIComponent(s3.object.key.replaceAll('+', ' '))).filter((key) =>
      key.startsWith(bounceKeys.waiting),
    );
  } catch {
    return undefined;
  }
}

/** False where another attempt may mend it. */
async function sent({ notes, send, log }: SendBounceParts, key: string, own: string): Promise<boolean> {
  const bounce = decodeBounce(await notes.get(key));
  if (!bounce.ok) {
    log.error({ event: 'ses.bounceFailed', message: key }, bounce.error);
    return true;
  }
  const taken = bounceKeys.taken + key.slice(bounceKeys.waiting.length);
  const owner = await notes.putOnce(taken, Buffer.from(own));
  if (Buffer.from(owner).toString() !== own) return true;
  const outcome = await send(bounce.value);
  if (outcome.ok) {
    log.info({ event: 'ses.bounced', message: bounce.value.messageId });
    return true;
  }
  log.error({ event: 'ses.bounceFailed', message: bounce.value.messageId }, outcome.error.cause);
  return outcome.error.kind === 'refused';
}
