import { FailureTable, RecentMap } from '../net/limits.ts';
import { limitKey, type NetworkList } from '../net/networks.ts';

/**
 * Slows down guessing. Failures are counted per mail address and network address together, so that a guesser locks out nobody else, and
 * per network address, so that it cannot go through the users one by one. Many people may share an address (an office, a provider's
 * servers): who has signed in from there lately is not held up by the failures of the others.
 */
export interface SignInThrottle {
  /** Milliseconds until this may be tried, 0 for now. */
  waitMs(user: string, remote: string, now: number): number;
  failed(user: string, remote: string, now: number): void;
  succeeded(user: string, remote: string, now: number): void;
}

export interface SignInThrottleOptions {
  readonly trusted: NetworkList;
  /** Keys held in each table. */
  readonly capacity?: number;
}

const minute = 60_000;
const hour = 60 * minute;

export function createSignInThrottle({ trusted, capacity = 100_000 }: SignInThrottleOptions): SignInThrottle {
  const pairs = new FailureTable({
    free: 5,
    firstDelayMs: 1000,
    maxDelayMs: 5 * minute,
    forgetAfterMs: hour,
    capacity,
  });
  const addresses = new FailureTable({
    free: 50,
    firstDelayMs: 1000,
    maxDelayMs: 15 * minute,
    forgetAfterMs: hour,
    capacity,
  });
  const welcome = new RecentMap<string, number>(capacity);
  const pairOf = (user: string, remote: string) => `${user}\0${limitKey(remote)}`;
  const isWelcome = (pair: string, now: number) => (welcome.get(pair) ?? 0) > now;

  return {
    waitMs(user, remote, now) {
      if (trusted.contains(remote)) return 0;
      const pair = pairOf(user, remote);
      const own = pairs.waitMs(pair, now);
      return isWelcome(pair, now) ? own : Math.max(own, addresses.waitMs(limitKey(remote), now));
    },
    failed(user, remote, now) {
      if (trusted.contains(remote)) return;
      const pair = pairOf(user, remote);
      pairs.failed(pair, now);
      // Somebody's old password in somebody's old device is not an attack on the neighbours.
      if (!isWelcome(pair, now)) addresses.failed(limitKey(remote), now);
    },
    succeeded(user, remote, now) {
      if (trusted.contains(remote)) return;
      const pair = pairOf(user, remote);
      pairs.succeeded(pair);
      welcome.set(pair, now + 24 * hour);
    },
  };
}
