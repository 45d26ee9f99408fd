import type { Lease, Leases } from '../../ports/leases.ts';
import type { ValkeyConnection } from './valkey.ts';

/** Ours, or nobody's: taken for so many milliseconds. */
const acquire = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;
const renew = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`;
const release = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** A connection that is being made takes commands, and sends them when it is ready; one that was lost does not wait for the next attempt. */
const asked: ReadonlySet<string> = new Set(['connecting', 'connect', 'ready']);

/**
 * Leases in Valkey, where a sign-in of POP3 costs no write of a table. While it cannot be asked, `otherwise` is: a lease is comfort,
 * and two who both believe to hold one harm nothing.
 */
export class ValkeyLeases implements Leases {
  readonly #connection: ValkeyConnection;
  readonly #otherwise: Leases;

  constructor(connection: ValkeyConnection, otherwise: Leases) {
    this.#connection = connection;
    this.#otherwise = otherwise;
  }

  async acquire(name: string, holder: string, ttlMs: number): Promise<Lease | undefined> {
    const taken = await this.#run(acquire, name, holder, ttlMs);
    if (taken === undefined) return this.#otherwise.acquire(name, holder, ttlMs);
    return taken ? { name, holder } : undefined;
  }

  async renew(lease: Lease, ttlMs: number): Promise<boolean> {
    const { name, holder } = lease;
    const renewed = await this.#run(renew, name, holder, ttlMs);
    if (renewed) return true;
    if (!(await this.#otherwise.renew(lease, ttlMs))) return false;
    if (renewed === undefined) return true;
    // Taken while Valkey could not be asked: those who ask it from now on are to find it there.
    const moved = await this.#run(acquire, name, holder, ttlMs);
    if (moved) await this.#otherwise.release(lease);
    return moved !== false;
  }

  async release(lease: Lease): Promise<void> {
    if (!(await this.#run(release, lease.name, lease.holder))) await this.#otherwise.release(lease);
  }

  /** Undefined where Valkey cannot be asked. */
  async #run(
    script: string,
    name: string,
    ...args: readonly (string | number)[]
  ): Promise<boolean | undefined> {
    const { current } = this.#connection;
    if (!asked.has(current.status)) return undefined;
    try {
      return (await current.eval(script, 1, `restante:lease:${name}`, ...args)) === 1;
    } catch {
      return undefined;
    }
  }
}
