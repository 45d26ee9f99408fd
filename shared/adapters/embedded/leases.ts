import type { Lease, Leases } from '../../ports/leases.ts';
import { markedHolder } from './process-mark.ts';
import type { Writer } from './writer.ts';

const marked = ({ name, holder }: Lease): Lease => ({ name, holder: markedHolder(holder) });

/**
 * Leases in SQLite, by the clock of the one machine that shares the folder. A lease whose process has ended is free at once. Taking
 * one waits for no disk: all processes of the folder die with the machine, and with them what a lost lease would have been for.
 */
export class EmbeddedLeases implements Leases {
  readonly #writer: Writer;
  readonly #now: () => number;

  constructor(writer: Writer, now: () => number) {
    this.#writer = writer;
    this.#now = now;
  }

  async acquire(name: string, holder: string, ttlMs: number): Promise<Lease | undefined> {
    const lease = { name, holder };
    const request = { lease: marked(lease), now: this.#now(), ttlMs };
    return (await this.#writer.send('acquireLease', request)) ? lease : undefined;
  }

  renew(lease: Lease, ttlMs: number): Promise<boolean> {
    return this.#writer.send('renewLease', { lease: marked(lease), now: this.#now(), ttlMs });
  }

  release(lease: Lease): Promise<void> {
    return this.#writer.send('releaseLease', marked(lease));
  }
}
