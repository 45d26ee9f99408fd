import type { AccountId, LogPosition } from '../../ids.ts';
import type { AccountLog } from '../../ports/account-log.ts';
import type { AdminRecords } from '../../ports/admin-records.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Directory } from '../../ports/directory.ts';
import type { Leases } from '../../ports/leases.ts';
import type { Notifier } from '../../ports/notifier.ts';
import type { PasswordMarks } from '../../ports/password-marks.ts';
import { AwsAccountLog } from './account-log.ts';
import { AwsAdminRecords } from './admin-records.ts';
import { AwsBlobStore } from './blob-store.ts';
import { Calls, directoryLimits } from './calls.ts';
import { type ClientOptions, createBucketClient, createTableClient } from './clients.ts';
import { AwsDirectory } from './directory.ts';
import { DirectoryTable } from './directory-table.ts';
import { AwsLeases } from './leases.ts';
import { AwsNotifier } from './notifier.ts';
import { sharedKey } from './shared-key.ts';
import { lapsingConnection, steadyConnection, valkeyConnector } from './valkey.ts';
import { ValkeyChannel } from './valkey-channel.ts';
import { ValkeyLeases } from './valkey-leases.ts';
import { ValkeyMarks } from './valkey-marks.ts';
import { ValkeyPublisher } from './valkey-publisher.ts';

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
  /** Milliseconds between two looks at the tail of an account that somebody watches; 15,000 without Valkey and 300,000 with it unless given. */
  readonly pollMs?: number | undefined;
  /** A 'function' is stopped between two pieces of work: it tells others of its changes, and nobody waits in it for theirs. */
  readonly process?: 'server' | 'function' | undefined;
}

export interface AwsStore {
  readonly log: AccountLog;
  readonly blobs: BlobStore;
  readonly directory: Directory;
  readonly adminRecords: AdminRecords;
  readonly leases: Leases;
  readonly notifier: Notifier;
  /** Where there is Valkey: passwords that any task has verified, and the key of their marks. */
  readonly passwordMarks?: { readonly key: Uint8Array; readonly marks: PasswordMarks };
  /** Removed accounts whose log has not been dropped, at most 500: delete their blobs, drop their logs, ask again. */
  removedAccounts(): Promise<readonly AccountId[]>;
  /** When a function's news of its changes have left, or could not soon: before it answers. */
  flushNews(): Promise<void>;
  close(): Promise<void>;
}

/** Every port on two tables, a bucket and, where there is one, Valkey. Throws ServiceFailure where one cannot be read. */
export async function openAwsStore(options: AwsStoreOptions): Promise<AwsStore> {
  const { region, credentials, valkey, bucketEndpoint = options.tableEndpoint } = options;
  const common = { region, ...(credentials && { credentials }) };
  const tables = createTableClient({ ...common, endpoint: options.tableEndpoint });
  const objects = createBucketClient({
    ...common,
    endpoint: bucketEndpoint,
  });
  const log = new AwsAccountLog({ client: tables, table: options.logTable });
  const directoryTable = new DirectoryTable(tables, options.directoryTable, new Calls(directoryLimits));
  const directory = new AwsDirectory({ client: tables, table: options.directoryTable });
  const leases = new AwsLeases({ client: tables, table: options.directoryTable });
  const connect = valkey === undefined ? undefined : valkeyConnector(valkey);
  const publishes = options.process === 'function';
  const connection = connect && (publishes ? lapsingConnection(connect) : steadyConnection(connect));
  const publisher = connection && publishes ? new ValkeyPublisher(connection) : undefined;
  // Nobody signs in to a function.
  const marks = connect && !publishes ? new ValkeyMarks(connect) : undefined;
  const notifier = new AwsNotifier({
    grownBeyond: (account, after) => log.grownBeyond(account, after),
    channel: connect && ((parts) => publisher ?? new ValkeyChannel(connect, parts)),
    ...(options.pollMs !== undefined && { pollMs: options.pollMs, safetyPollMs: options.pollMs }),
  });
  const blobs = new AwsBlobStore({
    client: objects,
    bucket: options.bucket,
    // Emulators know no storage classes.
    tiering: bucketEndpoint === undefined,
  });
  const close = async (): Promise<void> => {
    await notifier.close();
    directory.close();
    connection?.close();
    marks?.close();
    tables.destroy();
    objects.destroy();
  };
  let passwordMarks: AwsStore['passwordMarks'];
  try {
    // No account and no object has such a name: what is read is whether there is something to read from.
    await Promise.all([
      log.grownBeyond('-' as AccountId, 0 as LogPosition),
      directory.domains(),
      blobs.list('-/'),
    ]);
    if (marks) passwordMarks = { key: await sharedKey(directoryTable, 'password-marks'), marks };
  } catch (cause) {
    await close();
    throw cause;
  }
  return {
    log: {
      read: (account, after) => log.read(account, after),
      append: (request) => log.append(request),
      readEnd: (id) => log.readEnd(id),
      moveHead: (account, head) => log.moveHead(account, head),
      trim: (account, upTo) => log.trim(account, upTo),
      async drop(account) {
        await log.drop(account);
        await directory.forgetRemoved(account);
      },
    },
    blobs,
    directory,
    adminRecords: new AwsAdminRecords({ client: tables, table: options.directoryTable }),
    leases: connection ? new ValkeyLeases(connection, leases) : leases,
    notifier,
    ...(passwordMarks && { passwordMarks }),
    removedAccounts: () => directory.removedAccounts(),
    flushNews: async () => await publisher?.flush(),
    close,
  };
}
