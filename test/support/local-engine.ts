import { after } from 'node:test';
import type { Store } from '../../services/local/context.ts';
import type { Account } from '../../shared/engine/account.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { type EngineParts, MailEngine } from '../../shared/engine/engine.ts';
import { inlineLimit } from '../../shared/engine/entry.ts';
import { initialiseAccount } from '../../shared/engine/mailbox-actions.ts';
import { type AccountId, newAccountId, systemEntropy } from '../../shared/ids.ts';
import { FakeTimers } from './fake-timers.ts';
import { openOwnStore, sharedStore } from './shared-store.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface LocalEngine {
  readonly store: Store;
  readonly engine: MailEngine;
  /** An account that has its INBOX and the usual mailboxes. Stays open until the test ends. */
  account(id?: AccountId): Promise<Account>;
}

/**
 * An engine, closed when the test (or file) that asked for it ends. It is over the store that tests share, or over one of its own in the folder given.
 * A test that holds the timers has one of its own in any case: to a store that knows the real time, whatever its engine has read is years old.
 */
export async function localEngine(change: Partial<EngineParts> = {}, folder?: string): Promise<LocalEngine> {
  const ownFolder = folder ?? (FakeTimers.installed ? temporaryFolder() : undefined);
  const store = await (ownFolder === undefined ? sharedStore() : openOwnStore(ownFolder));
  const onAws = store.kind === 'aws';
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
    longTail: 3,
    replacedLifetime: 24 * 3600_000,
    onError: (what, account, cause) => console.error(what, account, cause),
    ...change,
  });
  after(async () => {
    await engine.close();
    if (ownFolder !== undefined) await store.close();
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
