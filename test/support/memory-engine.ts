import type { Account } from '../../shared/engine/account.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { type EngineParts, MailEngine } from '../../shared/engine/engine.ts';
import { initialiseAccount } from '../../shared/engine/mailbox-actions.ts';
import { type AccountId, newAccountId, systemEntropy } from '../../shared/ids.ts';
import { MemoryBlobs, MemoryLeases, MemoryLog } from './memory-store.ts';

export interface MemoryStore {
  readonly log: MemoryLog;
  readonly blobs: MemoryBlobs;
  readonly leases: MemoryLeases;
}

export const memoryStore = (now?: () => number): MemoryStore => ({
  log: new MemoryLog(now),
  blobs: new MemoryBlobs(),
  leases: new MemoryLeases(now),
});

/** An engine of its own over a store in memory: several of them are several processes. */
export function memoryEngine(
  store: Pick<EngineParts, 'log' | 'blobs' | 'leases'>,
  change: Partial<EngineParts> = {},
): MailEngine {
  return new MailEngine({
    ...store,
    notifier: { announce: () => undefined, watch: () => () => undefined },
    entropy: systemEntropy,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    frames: new ByteCache(16 * 1024 * 1024),
    idleBytes: 64 * 1024 * 1024,
    inlineBytes: 16 * 1024,
    recordCodec: 'zstd',
    scatteredBytes: 2 * 1024 * 1024,
    longTail: 3,
    replacedLifetime: 24 * 3600_000,
    onError: (what, account, cause) => console.error(what, account, cause),
    ...change,
  });
}

/** An account that has its INBOX and the usual mailboxes, or an older one as a fresh process finds it. */
export async function openIn(engine: MailEngine, id?: AccountId): Promise<Account> {
  const opened = await engine.open(
    id ?? newAccountId(systemEntropy),
    'staying',
    id === undefined ? 'perhapsEmpty' : 'begun',
  );
  if (!opened.ok) throw new Error(opened.error.kind);
  const { account } = opened.value;
  if (id === undefined) {
    const made = await account.commit(initialiseAccount(undefined));
    if (!made.ok) throw new Error(made.error.kind);
  }
  return account;
}
