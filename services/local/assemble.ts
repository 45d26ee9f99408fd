import { totalmem } from 'node:os';
import { createPasswordHasher, type PasswordHasher } from '../../shared/directory/password-hasher.ts';
import { createProvisioning, type Provisioning } from '../../shared/directory/provisioning.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { type EngineParts, MailEngine } from '../../shared/engine/engine.ts';
import { inlineLimit } from '../../shared/engine/entry.ts';
import { systemEntropy } from '../../shared/ids.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Store } from './context.ts';
import { replacedLifetime } from './replaced-lifetime.ts';

const settings: Record<Store['kind'], Pick<EngineParts, 'inlineBytes' | 'recordCodec' | 'longTail'>> = {
  embedded: {
    // Entries are rows of one file: what is inline costs no second object, so far more is than on a store of items.
    inlineBytes: 256 * 1024,
    recordCodec: 'raw',
    // Rows of one file are read together: a busy log is folded once in a thousand entries instead of five times.
    longTail: 16,
  },
  aws: {
    inlineBytes: inlineLimit,
    recordCodec: 'zstd',
    // Whoever opens the account pays for each 4 KB of it.
    longTail: 3,
  },
};
const frameCacheBytes = 64 * 1024 * 1024;
/** Some dozen requests, or a hundred milliseconds of unpacking. */
const scatteredBytes = 2 * 1024 * 1024;

/** An eighth of the memory that the server may use, divided among its processes. */
const idleBytes = (processes: number) =>
  Math.floor(Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem()) / 8 / processes);

/** @param processes how many share this machine's memory for the same store. */
export function createEngine(store: Store, onError: EngineParts['onError'], processes = 1): MailEngine {
  const { log, blobs, leases, notifier } = store;
  return new MailEngine({
    log,
    blobs,
    leases,
    notifier,
    entropy: systemEntropy,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    frames: new ByteCache(frameCacheBytes),
    idleBytes: idleBytes(processes),
    scatteredBytes,
    ...settings[store.kind],
    replacedLifetime: replacedLifetime[store.kind],
    onError,
  });
}

/** What the engine cannot tell anybody else. */
export const logEngineFaults =
  (log: Log): EngineParts['onError'] =>
  (what, account, cause) =>
    what === 'compaction'
      ? log.error({ event: 'account.compactionFailed', account }, cause)
      : log.with({ account }).error({ event: 'account.unavailable' }, cause);

/** A data folder, opened to work on the accounts in it. */
export interface Data {
  readonly store: Store;
  readonly engine: MailEngine;
  readonly hasher: PasswordHasher;
  readonly provisioning: Provisioning;
  /** Completes what is under way and lets the folder go. */
  close(): Promise<void>;
}

export interface AssembleOptions {
  /** How many share this machine's memory for the same store; 1 unless given. */
  readonly processes?: number;
  /** Whether mail may be sent on to domains of others; no unless given. */
  readonly forwardOutside?: boolean;
}

export function assemble(
  store: Store,
  onError: EngineParts['onError'],
  { processes = 1, forwardOutside = false }: AssembleOptions = {},
): Data {
  const engine = createEngine(store, onError, processes);
  const hasher = createPasswordHasher();
  return {
    store,
    engine,
    hasher,
    provisioning: createProvisioning({ directory: store.directory, hasher, forwardOutside }),
    async close() {
      try {
        await engine.close();
      } finally {
        await store.close();
      }
    },
  };
}

/** The end of a server: it waits for commits, not for compactions, which anybody can do later. What goes wrong is logged. */
export async function closeServed({ engine, close }: Data, log: Log): Promise<void> {
  engine.giveUpCompactions();
  try {
    await close();
  } catch (cause) {
    log.error({ event: 'store.fault', store: 'embedded', operation: 'close' }, cause);
  }
}
