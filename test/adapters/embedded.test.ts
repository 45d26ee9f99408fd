import { describe } from 'node:test';
import { accountLogContract } from '../contracts/account-log.contract.ts';
import { blobStoreContract } from '../contracts/blob-store.contract.ts';
import { testFolder } from './embedded-folder.ts';

describe('the embedded store', () => {
  accountLogContract(async (t) => {
    const { open } = await testFolder(t);
    return { ...(await open()), another: () => open() };
  });
  blobStoreContract(async (t) => (await (await testFolder(t)).open()).blobs);
});
