/** The Lambda function that sends the bounces which the one that delivers wrote down: here adapters are chosen and the environment is read. */
import { SESClient, SendBounceCommand } from '@aws-sdk/client-ses';
import type { SQSEvent } from 'aws-lambda';
import { createBucketClient } from '../../shared/adapters/aws/clients.ts';
import { failureKind } from '../../shared/adapters/aws/failure.ts';
import { NoteStore } from '../../shared/adapters/aws/note-store.ts';
import { err, ok } from '../../shared/result.ts';
import { openLog } from '../../shared/telemetry/log.ts';
import type { BatchAnswer } from './ses/batch.ts';
import { type SendBounceParts, sendBounces } from './ses/send-bounces.ts';

/** Made once for each container that Lambda keeps, at the first event. */
let parts: SendBounceParts | undefined;
/** The queue gives out again what failed; an answer that was lost is not asked for at once. */
const timeoutMs = 10_000;

function open(): SendBounceParts {
  const bucket = process.env.RESTANTE_INCOMING_BUCKET;
  if (!bucket) throw new Error('missing environment: RESTANTE_INCOMING_BUCKET');
  const endpoint = process.env.RESTANTE_S3_ENDPOINT_URL || process.env.RESTANTE_ENDPOINT_URL || undefined;
  const client = createBucketClient({ region: process.env.AWS_REGION, endpoint });
  const ses = new SESClient({ maxAttempts: 1 });
  return {
    notes: new NoteStore({ client, bucket }),
    async send({ messageId, sender, recipients }) {
      const command = new SendBounceCommand({
        OriginalMessageId: messageId,
        BounceSender: sender,
        BouncedRecipientInfoList: recipients.map(({ address, reason }) => ({
          Recipient: address,
          BounceType: reason,
        })),
      });
      try {
        await ses.send(command, { abortSignal: AbortSignal.timeout(timeoutMs) });
        return ok(undefined);
      } catch (cause) {
        return err({ kind: failureKind(cause) === 'refused' ? 'refused' : 'unavailable', cause });
      }
    },
    log: openLog({ level: 'info', to: process.stdout }),
  };
}

export async function handler({ Records }: SQSEvent): Promise<BatchAnswer> {
  parts ??= open();
  return await sendBounces(parts, Records);
}
