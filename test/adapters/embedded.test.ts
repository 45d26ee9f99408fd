import { describe } from 'node:test';
import { accountLogContract } from '../contracts/account-log.contract.ts';
import { adminRecordsContract } from '../contracts/admin-records.contract.ts';
import { blobStoreContract } from '../contracts/blob-store.contract.ts';
import { directoryContract } from '../contracts/directory.contract.ts';
import { directoryWatchContract } from '../contracts/directory-watch.contract.ts';
import { leasesContract } from '../contracts/leases.contract.ts';
import { notifierContract } from '../contracts/notifier.contract.ts';
import { sharedFolder, testFolder } from './embedded-folder.ts';

describe('the embedded store', () => {
  // Every test of these has accounts of its own, so they share what takes longest to open.
  const shared = sharedFolder();
  accountLogContract(async () => ({
    ...(await shared()).store,
    another: async () => (await shared()).other,
  }));
  blobStoreContract(async () => (await shared()).store.blobs);
  notifierContract(async () => ({
    ...(await shared()).store,
    another: async () => (await shared()).other.notifier,
  }));

  directoryContract(async (t) => {
    const { open } = await testFolder(t);
    return { directory: (await open()).directory, another: async () => (await open()).directory };
  });
  directoryWatchContract(async (t) => {
    const { open } = await testFolder(t);
    return { directory: (await open()).directory, another: async () => (await open()).directory };
  });
  adminRecordsContract(async (t) => {
    const { open } = await testFolder(t);
    const clock = { time: Date.now() };
    const now = (): number => clock.time;
    return {
      records: (await open({ now })).adminRecords,
      another: async () => (await open({ now })).adminRecords,
      pass: (ms) => {
        clock.time += ms;
      },
      now,
    };
  });
  leasesContract(async (t) => {
    const { open } = await testFolder(t);
    let time = Date.now();
    const now = (): number => time;
    const [{ leases }, other] = [await open({ now }), await open({ now })];
    return {
      leases,
      other: other.leases,
      pass: async (ms) => {
        time += ms;
      },
    };
  });
});
