import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AwsAdminRecords } from '../../shared/adapters/aws/admin-records.ts';
import { Calls, directoryLimits } from '../../shared/adapters/aws/calls.ts';
import { AwsDirectory } from '../../shared/adapters/aws/directory.ts';
import { DirectoryTable } from '../../shared/adapters/aws/directory-table.ts';
import { AwsLeases } from '../../shared/adapters/aws/leases.ts';
import { sharedKey } from '../../shared/adapters/aws/shared-key.ts';
import { accountLogContract } from '../contracts/account-log.contract.ts';
import { adminRecordsContract } from '../contracts/admin-records.contract.ts';
import { blobStoreContract } from '../contracts/blob-store.contract.ts';
import { directoryContract } from '../contracts/directory.contract.ts';
import { directoryWatchContract } from '../contracts/directory-watch.contract.ts';
import { leasesContract } from '../contracts/leases.contract.ts';
import { notifierContract } from '../contracts/notifier.contract.ts';
import { openLogAndBlobs, openPolling, openTables, sharedEmulators } from './aws-ground.ts';

describe('the AWS store', () => {
  const emulators = sharedEmulators();
  let made: Promise<ReturnType<typeof openLogAndBlobs>> | undefined;
  const make = async () => {
    made ??= emulators().then(openLogAndBlobs);
    return await made;
  };
  let other: typeof made;
  accountLogContract(async () => ({
    ...(await make()),
    another: () => {
      other ??= emulators().then(openLogAndBlobs);
      return other;
    },
  }));
  blobStoreContract(async () => (await make()).blobs);
  notifierContract(async () => {
    const { log } = await make();
    return { notifier: openPolling(log), log, another: async () => openPolling(log) };
  });

  directoryContract(async () => {
    const started = await emulators();
    const table = await started.newDirectoryTable();
    const open = () => new AwsDirectory({ client: openTables(started), table });
    return { directory: open(), another: async () => open() };
  });
  directoryWatchContract(async (t) => {
    const started = await emulators();
    const table = await started.newDirectoryTable();
    const open = () => {
      const directory = new AwsDirectory({ client: openTables(started), table, changesPollMs: 20 });
      t.after(() => directory.close());
      return directory;
    };
    return { directory: open(), another: async () => open() };
  });
  test('a key that all tasks know is made once, whoever asks first', async () => {
    const started = await emulators();
    const table = await started.newDirectoryTable();
    const open = () => new DirectoryTable(openTables(started), table, new Calls(directoryLimits));
    const keys = await Promise.all(
      Array.from({ length: 4 }, async () => Buffer.from(await sharedKey(open(), 'test')).toString('hex')),
    );
    assert.equal(new Set(keys).size, 1);
    assert.equal(keys[0]?.length, 64);
    assert.notEqual(Buffer.from(await sharedKey(open(), 'other')).toString('hex'), keys[0]);
  });
  adminRecordsContract(async () => {
    const started = await emulators();
    const table = await started.newDirectoryTable();
    const clock = { time: Date.now() };
    const now = (): number => clock.time;
    const open = () => new AwsAdminRecords({ client: openTables(started), table, now });
    return {
      records: open(),
      another: async () => open(),
      pass: (ms) => {
        clock.time += ms;
      },
      now,
    };
  });
  leasesContract(async () => {
    const started = await emulators();
    const table = await started.newDirectoryTable();
    let time = Date.now();
    const open = () => new AwsLeases({ client: openTables(started), table, now: () => time });
    return {
      leases: open(),
      other: open(),
      pass: async (ms) => {
        time += ms;
      },
    };
  });
});
