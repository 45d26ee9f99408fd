import { describe } from 'node:test';
import { accountLogContract } from '../contracts/account-log.contract.ts';
import { blobStoreContract } from '../contracts/blob-store.contract.ts';
import { openLogAndBlobs, sharedEmulators } from './aws-ground.ts';

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
});
