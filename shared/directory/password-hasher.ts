import { availableParallelism } from 'node:os';
import { type Entropy, systemEntropy } from '../ids.ts';
import { err, ok, type Result } from '../result.ts';
import {
  type Argon2Cost,
  defaultCost,
  hashPassword,
  parsePasswordHash,
  printPasswordHash,
  verifyPassword,
} from './password-hash.ts';

export interface PasswordHasherOptions {
  readonly cost?: Argon2Cost;
  /** Hashes computed at once. */
  readonly running?: number;
  /** Hashes that may wait; what comes on top is told 'busy' at once. */
  readonly waiting?: number;
  readonly entropy?: Entropy;
}

/** All argon2 of a process goes through one of these, so that a flood of sign-ins costs bounded memory and threads. */
export interface PasswordHasher {
  /** A PHC string. */
  hash(password: string): Promise<Result<string, 'busy'>>;
  /**
   * Whether the password fits the hash. `hash` undefined costs as much as any and never fits: an unknown user must take as
   * long as a known one.
   */
  verify(
    password: string,
    hash: string | undefined,
    turn: VerifyTurn,
  ): Promise<Result<boolean, 'busy' | 'unwanted'>>;
}

/** What happens in the turn itself, before the next one begins. */
export interface VerifyTurn {
  /** Asked when the turn has come; false answers 'unwanted' without the cost. */
  wanted(): boolean;
  verified(fits: boolean): void;
}

/** libuv has four threads, which also do all file I/O: at most three of them for passwords. */
const defaultRunning = () => Math.max(1, Math.min(3, availableParallelism()));

export function createPasswordHasher(options: PasswordHasherOptions = {}): PasswordHasher {
  const { cost = defaultCost, running = defaultRunning(), waiting = 1000, entropy = systemEntropy } = options;
  const queue: (() => void)[] = [];
  let free = running;
  /** No password fits it: its tag was drawn, not derived. */
  const dummy = printPasswordHash({
    cost,
    salt: Buffer.from(entropy.bytes(16)),
    tag: Buffer.from(entropy.bytes(32)),
  });

  /** A turn, or false where too many wait already. */
  function turn(): Promise<boolean> {
    if (free > 0) {
      free -= 1;
      return Promise.resolve(true);
    }
    if (queue.length >= waiting) return Promise.resolve(false);
    return new Promise((resolve) => queue.push(() => resolve(true)));
  }

  function done(): void {
    const next = queue.shift();
    if (next) next();
    else free += 1;
  }

  async function inTurn<T, E>(work: () => Promise<Result<T, E>>): Promise<Result<T, E | 'busy'>> {
    if (!(await turn())) return err('busy');
    try {
      return await work();
    } finally {
      done();
    }
  }

  return {
    hash: (password) =>
      inTurn<string, never>(async () => ok(await hashPassword(password, cost, (n) => entropy.bytes(n)))),
    verify: (password, hash, { wanted, verified }) =>
      inTurn<boolean, 'unwanted'>(async () => {
        if (!wanted()) return err('unwanted');
        const usable = hash !== undefined && parsePasswordHash(hash) !== undefined;
        const fits = (await verifyPassword(password, usable ? hash : dummy)) && usable;
        verified(fits);
        return ok(fits);
      }),
  };
}
