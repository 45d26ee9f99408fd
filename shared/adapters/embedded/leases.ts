import type { Lease, Leases } from '../../ports/leases.ts';
import type { Writer } from './writer.ts';

/** Leases in SQLite, by the clock of the one machine that shares the folder. */
export class EmbeddedLeases implements Leases {
  readonly #writer: Writer;
  readonly #now: () => number;

  constructor(writer: Writer, now: () => number) {
    this.#writer = writer;
    this.#now = now;
  }

  async acquire(name: string, holder: string, ttlMs: number): Promise<Lease | undefined> {
    const lease = { name, holder };
    return (await this.#writer.send('acquireLease', { lease, now: this.#now(), ttlMs })) ? lease : undefined;
  }

  renew(lease: Lease, ttlMs: number): Promise<boolean> {
    return this.#writer.send('renewLease', { lease, now: this.#now(), ttlMs });
  }

  release(lease: Lease): Promise<void> {
    return this.#writer.send('releaseLease', lease);
  }
}
