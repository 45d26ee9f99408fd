import type { Lease, Leases } from '../../shared/ports/leases.ts';
import type { Timers } from './timers.ts';

/** A lease that is renewed while it is held, and let go or left to expire at the end. */
export class HeldLease {
  readonly #leases: Leases;
  readonly #lease: Lease;
  readonly #lifetime: number;
  readonly #lost = new AbortController();
  #cancel: () => void = () => {};
  #ended = false;

  private constructor(leases: Leases, lease: Lease, lifetime: number) {
    this.#leases = leases;
    this.#lease = lease;
    this.#lifetime = lifetime;
  }

  /** Undefined while another holds it. What a crashed process leaves is free again after `lifetime`, ms. */
  static async acquire(
    leases: Leases,
    timers: Timers,
    name: string,
    holder: string,
    lifetime: number,
  ): Promise<HeldLease | undefined> {
    const lease = await leases.acquire(name, holder, lifetime);
    if (lease === undefined) return undefined;
    const held = new HeldLease(leases, lease, lifetime);
    held.#renewLater(timers);
    return held;
  }

  /** Aborted when another process has it: this one stood still for minutes. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  #renewLater(timers: Timers): void {
    if (this.#ended) return;
    this.#cancel = timers.after(this.#lifetime / 3, () => {
      this.#leases.renew(this.#lease, this.#lifetime).then(
        (ours) => (ours ? this.#renewLater(timers) : this.#lost.abort()),
        // Nobody is harmed by two holders; where the store fails, what is done under the lease will say so.
        () => this.#renewLater(timers),
      );
    });
  }

  /** Keeps everybody from it for `ms` yet; 0 lets it go. */
  async end(ms: number): Promise<void> {
    this.#ended = true;
    this.#cancel();
    if (ms === 0) await this.#leases.release(this.#lease);
    else await this.#leases.renew(this.#lease, ms);
  }
}
