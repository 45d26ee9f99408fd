import { after } from 'node:test';
import type { Store } from '../../services/local/context.ts';
import { openAwsStore } from '../../shared/adapters/aws/store.ts';
import { openEmbeddedStore } from '../../shared/adapters/embedded/store.ts';
import type { Account } from '../../shared/engine/account.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { type EngineParts, MailEngine } from '../../shared/engine/engine.ts';
import { inlineLimit } from '../../shared/engine/entry.ts';
import { initialiseAccount } from '../../shared/engine/mailbox-actions.ts';
import { type AccountId, newAccountId, systemEntropy } from '../../shared/ids.ts';
import { startAwsEmulators } from './aws-emulators.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** `aws`: engines that ask for no folder of their own are over the AWS adapters, on what stands in for the services. */
export const storeVariable = 'RESTANTE_TEST_STORE';

export interface LocalEngine {
  readonly store: Store;
  readonly engine: MailEngine;
  /** An account that has its INBOX and the usual mailboxes. Stays open until the test ends. */
  account(id?: AccountId): Promise<Account>;
}

/** An engine over a store of its own, closed when the test (or file) that asked for it ends: the embedded one unless the environment says otherwise. */
export async function localEngine(change: Partial<EngineParts> = {}, folder?: string): Promise<LocalEngine> {
  const onAws = folder === undefined && process.env[storeVariable] === 'aws';
  const store: Store = onAws
    ? await openEmulatedStore()
    : { kind: 'embedded', ...(await openEmbeddedStore({ folder: folder ?? temporaryFolder() })) };
  const engine = new MailEngine({
    log: store.log,
    blobs: store.blobs,
    leases: store.leases,
    notifier: store.notifier,
    entropy: systemEntropy,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    frames: new ByteCache(16 * 1024 * 1024),
    idleBytes: 64 * 1024 * 1024,
    inlineBytes: onAws ? inlineLimit : 256 * 1024,
    recordCodec: onAws ? 'zstd' : 'raw',
    scatteredBytes: 2 * 1024 * 1024,
    replacedLifetime: 24 * 3600_000,
    onError: (what, account, cause) => console.error(what, account, cause),
    ...change,
  });
  after(async () => {
    await engine.close();
    await store.close();
  });
  return {
    store,
    engine,
    account: async (id = newAccountId(systemEntropy)) => {
      const opened = await engine.open(id, 'staying', 'perhapsEmpty');
      if (!opened.ok) throw new Error(opened.error.kind);
      const { account } = opened.value;
      await account.commit(initialiseAccount(undefined));
      return account;
    },
  };
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
