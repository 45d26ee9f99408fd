import { after } from 'node:test';
import type { Store } from '../../services/local/context.ts';
import { openAwsStore } from '../../shared/adapters/aws/store.ts';
import { openEmbeddedStore } from '../../shared/adapters/embedded/store.ts';
import { startAwsEmulators, storeVariable } from './aws-emulators.ts';
import { temporaryFolder } from './temporary-folder.ts';

let shared: Promise<Store> | undefined;

// At the level of the process, whoever opens it: a store's thread takes a tenth of a second of processor time to start.
const temporary = temporaryFolder();
after(async () => (await shared)?.close());
/**
 * The store of all tests of this process that need none to themselves: the embedded one, unless the environment says otherwise.
 * Accounts are what keeps tests apart in it.
 */
export function sharedStore(): Promise<Store> {
  shared ??= process.env[storeVariable] === 'aws' ? openEmulatedStore() : openOwnStore(temporary);
  return shared;
}

/** An embedded store that the test closes. */
export async function openOwnStore(folder: string): Promise<Store> {
  return { kind: 'embedded', ...(await openEmbeddedStore({ folder })) };
}

async function openEmulatedStore(): Promise<Store> {
  const emulators = await startAwsEmulators();
  const { tables, objects, logTable, directoryTable, bucket } = emulators;
  const store = await openAwsStore({
    logTable,
    directoryTable,
    bucket,
    region: tables.region,
    credentials: tables.credentials,
    tableEndpoint: tables.endpoint,
    bucketEndpoint: objects.endpoint,
  });
  const close = async (): Promise<void> => {
    await store.close();
    await emulators.stop();
  };
  return { kind: 'aws', ...store, close };
}
