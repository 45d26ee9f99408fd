/** The Lambda function that delivers what SES received: here the adapters are chosen and the environment is read. */
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { SESClient, SendBounceCommand } from '@aws-sdk/client-ses';
import type { SQSEvent } from 'aws-lambda';
import { createBucketClient } from '../../shared/adapters/aws/clients.ts';
import { isNamed } from '../../shared/adapters/aws/failure.ts';
import { engineOnAws, storeFromEnvironment } from '../serverless/environment.ts';
import { type BatchAnswer, type BatchParts, deliverBatch } from './ses/batch.ts';
import type { Arrival } from './ses/notification.ts';

/** Made once for each container that Lambda keeps, at the first event. */
let parts: Promise<BatchParts> | undefined;

async function open(): Promise<BatchParts> {
  const { store, log } = await storeFromEnvironment(process.env);
  const objects = createBucketClient({
    region: process.env.AWS_REGION,
    endpoint: process.env.RESTANTE_S3_ENDPOINT_URL || process.env.RESTANTE_ENDPOINT_URL || undefined,
  });
  const ses = new SESClient({});
  return {
    engine: engineOnAws(store, log),
    directory: store.directory,
    log,
    async read({ bucket, key }: Arrival) {
      try {
        const { Body } = await objects.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return Body as AsyncIterable<Uint8Array> | undefined;
      } catch (cause) {
        if (isNamed(cause, 'NoSuchKey')) return undefined;
        throw cause;
      }
    },
    async bounce({ messageId, sender, recipients }) {
      await ses.send(
        new SendBounceCommand({
          OriginalMessageId: messageId,
          BounceSender: sender,
          BouncedRecipientInfoList: recipients.map(({ address, reason }) => ({
            Recipient: address,
            BounceType: reason,
          })),
        }),
      );
    },
  };
}

export async function handler({ Records }: SQSEvent): Promise<BatchAnswer> {
  parts ??= open();
  try {
    return await deliverBatch(await parts, Records);
  } catch (cause) {
    // What could not be opened is tried again with the next batch.
    parts = undefined;
    throw cause;
  }
}
