import type { AccountId, LogPosition } from '../../shared/ids.ts';
import type { Lease, Leases } from '../../shared/ports/leases.ts';
import type { Notifier } from '../../shared/ports/notifier.ts';
import type { Network, Sender } from './network.ts';

interface Held {
  readonly holder: string;
  readonly until: number;
}

/** Who holds what lease. */
export type LeaseTable = Map<string, Held>;

/** Leases as a service gives them; now and then to two at once, for they are comfort and never safety. */
export class SimulatedLeases implements Leases {
  readonly #held: LeaseTable;
  readonly #network: Network;
  readonly #node: Sender;

  constructor(held: LeaseTable, network: Network, node: Sender) {
    this.#held = held;
    this.#network = network;
    this.#node = node;
  }

  acquire(name: string, holder: string, ttlMs: number): Promise<Lease | undefined> {
    return this.#network.request(this.#node, `acquire ${name}`, () => {
      const taken = this.#isTaken(name, holder);
      if (taken && !this.#network.faults.happens('leaseShared')) return undefined;
      this.#held.set(name, { holder, until: this.#network.scheduler.now + ttlMs });
      return { name, holder };
    });
  }

  renew({ name, holder }: Lease, ttlMs: number): Promise<boolean> {
    return this.#network.request(this.#node, `renew ${name}`, () => {
      const held = this.#held.get(name);
      if (held?.holder !== holder || held.until <= this.#network.scheduler.now) return false;
      this.#held.set(name, { holder, until: this.#network.scheduler.now + ttlMs });
      return true;
    });
  }

  release({ name, holder }: Lease): Promise<void> {
    return this.#network.request(this.#node, `release ${name}`, () => {
      if (this.#held.get(name)?.holder === holder) this.#held.delete(name);
    });
  }

  #isTaken(name: string, holder: string): boolean {
    const held = this.#held.get(name);
    return held !== undefined && held.holder !== holder && held.until > this.#network.scheduler.now;
  }
}

interface Watcher {
  readonly node: Sender;
  readonly account: AccountId;
  readonly listener: (position: LogPosition) => void;
}

/** Carries news between nodes: soon, late, or never. */
export class NoticeBoard {
  readonly #watchers = new Set<Watcher>();
  readonly #network: Network;

  constructor(network: Network) {
    this.#network = network;
  }

  for(node: Sender): Notifier {
    return {
      announce: (account, position) => this.#announce(account, position),
      watch: (account, listener) => {
        const watcher = { node, account, listener };
        this.#watchers.add(watcher);
        return () => this.#watchers.delete(watcher);
      },
    };
  }

  #announce(account: AccountId, position: LogPosition): void {
    const { faults, random, scheduler } = this.#network;
    for (const watcher of this.#watchers) {
      if (!watcher.node.alive) this.#watchers.delete(watcher);
      if (watcher.account !== account || faults.happens('noticeLost')) continue;
      const delay = faults.happens('noticeLate') ? random.spread(1_000, 600_000) : random.spread(0.2, 5);
      scheduler.after(delay, () => this.#watchers.has(watcher) && watcher.listener(position), watcher.node);
    }
  }
}
