import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';

export interface ClientOptions {
  /** Undefined: as the environment says (AWS_REGION). */
  readonly region?: string | undefined;
  /** Another address than the service's own, for emulators and gateways. */
  readonly endpoint?: string | undefined;
  /** Undefined: found as every AWS program finds them (task role, environment, profile). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Connections kept open at most; calls beyond wait for one. */
const sockets = 256;

/** Repetition and limits on time are in calls.ts; here only what never connects is given up. */
const common = ({ region, endpoint, credentials }: ClientOptions) => ({
  ...(region !== undefined && { region }),
  ...(endpoint !== undefined && { endpoint }),
  ...(credentials && { credentials }),
  maxAttempts: 1,
  // Signed by this machine's clock, wrong or right: what a clock that is minutes off signs is refused, and must be.
  disableClockSkewCorrection: true,
  requestHandler: {
    connectionTimeout: 2_000,
    httpAgent: { keepAlive: true, maxSockets: sockets },
    httpsAgent: { keepAlive: true, maxSockets: sockets },
  },
});

export const createTableClient = (options: ClientOptions): DynamoDBClient =>
  new DynamoDBClient(common(options));

/** Servers with an address of their own seldom have a name for each bucket. */
export const createBucketClient = (options: ClientOptions): S3Client =>
  new S3Client({ ...common(options), forcePathStyle: options.endpoint !== undefined });
