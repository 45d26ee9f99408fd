/** The Lambda function that delivers what SES received: here the adapters are chosen and the environment is read. */
import { SESClient, SendBounceCommand } from '@aws-sdk/client-ses';
import type { SQSEvent } from 'aws-lambda';
import { createBucketClient } from '../../shared/adapters/aws/clients.ts';
import { ReceivedObjects } from '../../shared/adapters/aws/received-objects.ts';
import { openForwarding } from '../forwarding/open.ts';
import { engineOnAws, forwardsOutside, storeFromEnvironment } from '../serverless/environment.ts';
import { type BatchAnswer, type BatchParts, deliverBatch } from './ses/batch.ts';
import type { Arrival } from './ses/notification.ts';

/** Made once for each container that Lambda keeps, at the first event. */
let parts: Promise<BatchParts> | undefined;

async function open(): Promise<BatchParts> {
  const { store, log } = await storeFromEnvironment(process.env);
  const incoming = process.env.RESTANTE_INCOMING_BUCKET;
  if (!incoming) throw new Error('missing environment: RESTANTE_INCOMING_BUCKET');
  const endpoint = process.env.RESTANTE_S3_ENDPOINT_URL || process.env.RESTANTE_ENDPOINT_URL || undefined;
  const objects = new ReceivedObjects({
    client: createBucketClient({ region: process.env.AWS_REGION, endpoint }),
    from: incoming,
    to: process.env.RESTANTE_BUCKET!,
    // Emulators know no storage classes.
    tiering: endpoint === undefined,
  });
  const ses = new SESClient({});
  const engine = engineOnAws(store, log);
  return {
    engine,
    forwarder: forwardsOutside(process.env) ? (await openForwarding(engine, store)).forwarder : undefined,
    directory: store.directory,
    log,
    async receive({ bucket, key }: Arrival) {
      if (bucket !== incoming) throw new Error(`a message in ${bucket}, which is not where SES keeps them`);
      return await objects.open(key);
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
