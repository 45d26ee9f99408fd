import type { Cluster, Redis } from 'ioredis';
import type { PasswordMarks } from '../../ports/password-marks.ts';

/** A sign-in waits so long for an answer at the most: about as long as a few slow hashes take. */
const waitMs = 250;

const nameOf = (mark: string): string => `restante:password:${mark}`;

/** Marks as keys of Valkey that expire. While it cannot be asked, nothing is remembered here. */
export class ValkeyMarks implements PasswordMarks {
  readonly #connection: Redis | Cluster;

  constructor(connect: () => Redis | Cluster) {
    this.#connection = connect();
    this.#connection.on('error', () => {});
  }

  async remainingMs(mark: string): Promise<number> {
    if (this.#connection.status !== 'ready') return 0;
    const late = Promise.withResolvers<number>();
    const timer = setTimeout(() => late.resolve(0), waitMs).unref();
    try {
      // Negative where there is none, and where one would stay for ever, which none of ours does.
      return Math.max(0, await Promise.race([this.#connection.pttl(nameOf(mark)), late.promise]));
    } catch {
      return 0;
    } finally {
      clearTimeout(timer);
    }
  }

  remember(mark: string, forMs: number): void {
    if (this.#connection.status !== 'ready') return;
    this.#connection.set(nameOf(mark), '1', 'PX', Math.max(1, Math.ceil(forMs))).catch(() => {});
  }

  close(): void {
    this.#connection.disconnect();
  }
}
