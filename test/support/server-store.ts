import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  type AttributeValue,
  type DynamoDBClient,
  ScanCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { createTableClient } from '../../shared/adapters/aws/clients.ts';
import { headNumber, headOf, numberOf } from '../../shared/adapters/aws/log-items.ts';
import { type AwsEmulators, startAwsEmulators } from './aws-emulators.ts';
import type { ServerProcess } from './server-process.ts';

export const storeKinds = ['embedded', 'aws'] as const;

/** How far logs are folded, as the store itself says. */
export interface Folding {
  /** The sum of the heads' positions. */
  readonly heads: number;
  /** A text for each lease of a compaction: one that is under way, or whose process was killed. */
  readonly leases: readonly string[];
}

/** Where the servers of a suite keep mail: in their data folder, or on what stands in for AWS. */
export interface ServerStore {
  /** For the server and for the commands. */
  readonly environment: Readonly<Record<string, string>>;
  folding(server: ServerProcess): Promise<Folding>;
  /** Time passes until the leases of a process that was killed have lapsed, where a store waits for that. */
  letLeasesLapse(): Promise<void>;
  stop(): Promise<void>;
}

export const openServerStore = (kind: (typeof storeKinds)[number]): Promise<ServerStore> =>
  kind === 'aws' ? emulatedStore() : Promise.resolve(folderStore);

/** By what `--store` was given to a suite; undefined where it is no kind of store. */
export const storeKind = (text: string): (typeof storeKinds)[number] | undefined =>
  storeKinds.find((kind) => kind === text);

/** What `restante serve` and every command are told so that they work on these. */
export const serverEnvironment = (emulators: AwsEmulators): Record<string, string> => ({
  RESTANTE_STORE: 'aws',
  RESTANTE_LOG_TABLE: emulators.logTable,
  RESTANTE_DIRECTORY_TABLE: emulators.directoryTable,
  RESTANTE_BUCKET: emulators.bucket,
  RESTANTE_ENDPOINT_URL: emulators.tables.endpoint,
  RESTANTE_S3_ENDPOINT_URL: emulators.objects.endpoint,
  AWS_REGION: emulators.tables.region,
  AWS_ACCESS_KEY_ID: emulators.tables.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: emulators.tables.credentials.secretAccessKey,
});

function foldingIn(dataFolder: string): Folding {
  const database = new DatabaseSync(join(dataFolder, 'restante.db'), { readOnly: true });
  try {
    const heads = database.prepare('SELECT coalesce(sum(position), 0) AS sum FROM heads').get();
    const leases = database.prepare("SELECT holder FROM leases WHERE name LIKE 'compact/%'").all();
    return { heads: Number(heads?.sum), leases: leases.map(({ holder }) => String(holder)) };
  } finally {
    database.close();
  }
}

const folderStore: ServerStore = {
  environment: {},
  folding: async ({ dataFolder }) => foldingIn(dataFolder),
  // A lease there names its process, and is free when that has ended.
  letLeasesLapse: async () => undefined,
  stop: async () => undefined,
};

async function emulatedStore(): Promise<ServerStore> {
  const emulators = await startAwsEmulators();
  const client = createTableClient(emulators.tables);
  return {
    environment: serverEnvironment(emulators),
    async folding() {
      let heads = 0;
      for await (const item of items(client, emulators.logTable))
        if (numberOf(item) === headNumber) heads += headOf(item).position;
      const leases: string[] = [];
      for await (const { k, h } of items(client, emulators.directoryTable))
        if (k?.S?.startsWith('lease#compact/')) leases.push(`${h?.S}`);
      return { heads, leases };
    },
    async letLeasesLapse() {
      for await (const { k, s } of items(client, emulators.directoryTable))
        if (k?.S?.startsWith('lease#') && s)
          await client.send(
            new UpdateItemCommand({
              TableName: emulators.directoryTable,
              Key: { k, s },
              UpdateExpression: 'SET e = :past',
              ExpressionAttributeValues: { ':past': { N: '0' } },
            }),
          );
    },
    async stop() {
      client.destroy();
      await emulators.stop();
    },
  };
}

async function* items(client: DynamoDBClient, table: string): AsyncGenerator<Record<string, AttributeValue>> {
  let next: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new ScanCommand({ TableName: table, ExclusiveStartKey: next, ConsistentRead: true }),
    );
    yield* page.Items ?? [];
    next = page.LastEvaluatedKey;
  } while (next !== undefined);
}
