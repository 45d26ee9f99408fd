import './builtins.ts';
import type { Account } from '../../shared/engine/account.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { type EngineParts, MailEngine } from '../../shared/engine/engine.ts';
import type { Entropy } from '../../shared/ids.ts';
import type { AccountLog } from '../../shared/ports/account-log.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import type { Leases } from '../../shared/ports/leases.ts';
import type { Notifier } from '../../shared/ports/notifier.ts';
import type { Sender } from './network.ts';
import type { Hooks } from './planted/plant.ts';
import type { Proposals } from './proposals.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

/** One run of a process, from its start to its crash. */
export class Node implements Sender {
  readonly name: string;
  alive = true;
  frozenUntil = 0;
  outageUntil = 0;
  /** Its clock less the world's, ms. */
  clockError = 0;
  readonly #scheduler: Scheduler;

  constructor(name: string, scheduler: Scheduler) {
    this.name = name;
    this.#scheduler = scheduler;
  }

  now(): number {
    return Math.floor(this.#scheduler.now + this.clockError);
  }
}

/** What a node works with: the ports as it reaches them. */
export interface NodePorts {
  readonly log: AccountLog;
  readonly blobs: BlobStore;
  readonly leases: Leases;
  readonly notifier: Notifier;
}

/** The engine as a node runs it; whatever is committed through it is judged. */
export function engineOf(
  node: Node,
  ports: NodePorts,
  {
    scheduler,
    random,
    plant,
    proposals,
    replacedLifetime,
    onError,
  }: {
    readonly scheduler: Scheduler;
    readonly random: Random;
    readonly plant: Hooks | undefined;
    readonly proposals: Proposals;
    readonly replacedLifetime: number;
    readonly onError: EngineParts['onError'];
  },
): MailEngine {
  const entropy: Entropy = { now: () => node.now(), bytes: (count) => random.bytes(count) };
  const engine = new MailEngine({
    ...ports,
    entropy: plant?.entropy?.(entropy) ?? entropy,
    sleep: (ms) => scheduler.sleep(ms, node),
    frames: new ByteCache(256 * 1024),
    // Small, so that spill objects are common.
    idleBytes: 64 * 1024 * 1024,
    inlineBytes: 3 * 1024,
    recordCodec: 'zstd',
    // So few that mailboxes of a dozen messages get copies of their own.
    scatteredBytes: 256,
    longTail: 3,
    replacedLifetime,
    onError,
  });
  const watched = new WeakSet<Account>();
  const open = engine.open.bind(engine);
  engine.open = async (id, use, log) => {
    const opened = await open(id, use, log);
    if (!opened.ok) return opened;
    const { account } = opened.value;
    if (watched.has(account)) return opened;
    watched.add(account);
    plant?.account?.(account);
    proposals.watch(account, node.name);
    plant?.answers?.(account);
    return opened;
  };
  return engine;
}
