import { describe } from 'node:test';
import { accountLogContract } from '../contracts/account-log.contract.ts';
import { blobStoreContract } from '../contracts/blob-store.contract.ts';
import { leasesContract } from '../contracts/leases.contract.ts';
import { MemoryBlobs, MemoryLeases, MemoryLog } from '../support/memory-store.ts';

describe('the store in memory, on which budgets are counted', () => {
  accountLogContract(async () => {
    const store = { log: new MemoryLog(), blobs: new MemoryBlobs() };
    return { ...store, another: async () => store };
  });
  blobStoreContract(async () => new MemoryBlobs());
  leasesContract(async () => {
    let time = Date.now();
    const leases = new MemoryLeases(() => time);
    return {
      leases,
      other: leases,
      pass: async (ms) => {
        time += ms;
      },
    };
  });
});
