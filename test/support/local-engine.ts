import { after } from 'node:test';
import { type EmbeddedStore, openEmbeddedStore } from '../../shared/adapters/embedded/store.ts';
import type { Account } from '../../shared/engine/account.ts';
import { initialiseAccount } from '../../shared/engine/actions.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { type EngineParts, MailEngine } from '../../shared/engine/engine.ts';
import { type AccountId, newAccountId, systemEntropy } from '../../shared/ids.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface LocalEngine {
  readonly store: EmbeddedStore;
  readonly engine: MailEngine;
  /** An account that has its INBOX and the usual mailboxes. Stays open until the test ends. */
  account(id?: AccountId): Promise<Account>;
}

/** An engine over the embedded store in a folder of its own, closed when the test (or file) that asked for it ends. */
export async function localEngine(
  change: Partial<EngineParts> = {},
  folder = temporaryFolder(),
): Promise<LocalEngine> {
  const store = await openEmbeddedStore({ folder });
  const engine = new MailEngine({
    log: store.log,
    blobs: store.blobs,
    leases: store.leases,
    notifier: store.notifier,
    entropy: systemEntropy,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    frames: new ByteCache(16 * 1024 * 1024),
    inlineBytes: 256 * 1024,
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
      const opened = await engine.open(id);
      if (!opened.ok) throw new Error(opened.error.kind);
      const { account } = opened.value;
      await account.commit(initialiseAccount(undefined));
      return account;
    },
  };
}
