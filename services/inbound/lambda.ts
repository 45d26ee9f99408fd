/** The Lambda function that delivers what SES received: here the adapters are chosen and the environment is read. */
import type { SQSEvent } from 'aws-lambda';
import { createBucketClient } from '../../shared/adapters/aws/clients.ts';
import { NoteStore } from '../../shared/adapters/aws/note-store.ts';
import { ReceivedObjects } from '../../shared/adapters/aws/received-objects.ts';
import { openForwarding } from '../forwarding/open.ts';
import { engineOnAws, forwardsOutside, storeFromEnvironment } from '../serverless/environment.ts';
import { type BatchAnswer, type BatchParts, deliverBatch } from './ses/batch.ts';
import { bounceKeys, encodeBounce } from './ses/bounce.ts';
import type { Arrival } from './ses/notification.ts';

/** Made once for each container that Lambda keeps, at the first event. */
let parts: Promise<Parts> | undefined;

interface Parts extends BatchParts {
  /** When nothing is under way any more: a function is stopped as soon as it has answered. */
  readonly settle: () => Promise<void>;
}

async function open(): Promise<Parts> {
  const { store, log } = await storeFromEnvironment(process.env);
  const incoming = process.env.RESTANTE_INCOMING_BUCKET;
  if (!incoming) throw new Error('missing environment: RESTANTE_INCOMING_BUCKET');
  const endpoint = process.env.RESTANTE_S3_ENDPOINT_URL || process.env.RESTANTE_ENDPOINT_URL || undefined;
  const client = createBucketClient({ region: process.env.AWS_REGION, endpoint });
  const objects = new ReceivedObjects({
    client,
    from: incoming,
    to: process.env.RESTANTE_BUCKET!,
    // Emulators know no storage classes.
    tiering: endpoint === undefined,
  });
  const notes = new NoteStore({ client, bucket: incoming });
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
    // Written down here and sent by another function: where this one stands, S3 and DynamoDB can be reached and SES cannot.
    bounce: async (bounce) =>
      void (await notes.putOnce(bounceKeys.of(bounce.messageId), encodeBounce(bounce))),
    async settle() {
      await engine.settle();
      await store.flushNews();
    },
  };
}

export async function handler({ Records }: SQSEvent): Promise<BatchAnswer> {
  parts ??= open();
  let opened: Parts;
  try {
    opened = await parts;
  } catch (cause) {
    // What could not be opened is tried again with the next batch.
    parts = undefined;
    throw cause;
  }
  const answer = await deliverBatch(opened, Records);
  await opened.settle();
  return answer;
}
