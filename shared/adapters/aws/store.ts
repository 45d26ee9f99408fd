import type { AccountId } from '../../ids.ts';
import type { AccountLog } from '../../ports/account-log.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Directory } from '../../ports/directory.ts';
import type { Leases } from '../../ports/leases.ts';
import type { Notifier } from '../../ports/notifier.ts';
import { AwsAccountLog } from './account-log.ts';
import { AwsBlobStore } from './blob-store.ts';
import { type ClientOptions, createBucketClient, createTableClient } from './clients.ts';
import { AwsDirectory } from './directory.ts';
import { AwsLeases } from './leases.ts';
import { AwsNotifier } from './notifier.ts';
import { valkeyConnector } from './valkey.ts';
import { ValkeyChannel } from './valkey-channel.ts';
import { ValkeyLeases } from './valkey-leases.ts';

export interface AwsStoreOptions {
  readonly logTable: string;
  readonly directoryTable: string;
  readonly bucket: string;
  /** Undefined: as the environment says. */
  readonly region?: string | undefined;
  /** Other addresses than the services' own, for emulators and gateways. */
  readonly tableEndpoint?: string | undefined;
  readonly bucketEndpoint?: string | undefined;
  readonly credentials?: ClientOptions['credentials'];
  /** `rediss://…`: news and leases by Valkey. Without it tails are polled, and leases are items. */
  readonly valkey?: string | undefined;
  /** Milliseconds between two looks at the tail of an account that somebody watches, without Valkey. */
  readonly pollMs?: number | undefined;
}

export interface AwsStore {
  readonly log: AccountLog;
  readonly blobs: BlobStore;
  readonly directory: Directory;
  readonly leases: Leases;
  readonly notifier: Notifier;
  /** Removed accounts whose log has not been dropped, at most 500. */
  removedAccounts(): Promise<readonly AccountId[]>;
  /** Their blobs and logs are gone. */
  forgetRemoved(id: AccountId): Promise<void>;
  close(): Promise<void>;
}

/** Every port on two tables, a bucket and, where there is one, Valkey. Nothing is asked of them yet. */
export function openAwsStore(options: AwsStoreOptions): AwsStore {
  const { region, credentials, valkey } = options;
  const common = { region, ...(credentials && { credentials }) };
  const tables = createTableClient({ ...common, endpoint: options.tableEndpoint });
  const objects = createBucketClient({
    ...common,
    endpoint: options.bucketEndpoint ?? options.tableEndpoint,
  });
  const log = new AwsAccountLog({ client: tables, table: options.logTable });
  const directory = new AwsDirectory({ client: tables, table: options.directoryTable });
  const leases = new AwsLeases({ client: tables, table: options.directoryTable });
  const connect = valkey === undefined ? undefined : valkeyConnector(valkey);
  const quickLeases = connect && new ValkeyLeases(connect, leases);
  const notifier = new AwsNotifier({
    grownBeyond: (account, after) => log.grownBeyond(account, after),
    channel: connect && ((parts) => new ValkeyChannel(connect, parts)),
    ...(options.pollMs !== undefined && { pollMs: options.pollMs }),
  });
  return {
    log,
    // Emulators know no storage classes.
    blobs: new AwsBlobStore({
      client: objects,
      bucket: options.bucket,
      tiering: options.bucketEndpoint === undefined,
    }),
    directory,
    leases: quickLeases ?? leases,
    notifier,
    removedAccounts: () => directory.removedAccounts(),
    forgetRemoved: (id) => directory.forgetRemoved(id),
    async close() {
      await notifier.close();
      quickLeases?.close();
      tables.destroy();
      objects.destroy();
    },
  };
}
