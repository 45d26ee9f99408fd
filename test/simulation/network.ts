import type { Faults } from './faults.ts';
import type { Random } from './random.ts';
import type { Owner, Scheduler } from './scheduler.ts';

/** No answer came: it may have happened, may never happen, or may happen later. */
export class TimedOut extends Error {
  override readonly name = 'TimeoutError';
}

/** The service said no before it did anything. */
export class Refused extends Error {
  override readonly name = 'ThrottlingException';
  readonly $metadata = { httpStatusCode: 400 };
}

/** The service does not take what was signed minutes ago, or by a clock that is minutes off. */
export class RequestExpired extends Error {
  override readonly name = 'RequestTimeTooSkewed';
  readonly $metadata = { httpStatusCode: 403 };
}

/** Somebody who sends requests. */
export interface Sender extends Owner {
  /** Nothing gets through before, ms. */
  outageUntil: number;
}

/** What the simulated services need of a network. */
export interface Line extends Pick<Network, 'request' | 'hesitation' | 'inTwoLooks'> {
  readonly faults: Pick<Faults, 'happens'>;
  readonly random: Random;
  readonly scheduler: Pick<Scheduler, 'now'>;
}

/** Where the sender sets no time of its own, ms. */
const timeout = 5_000;
/** As long as the services take a signed request, ms. */
const signatureLifetime = 5 * 60_000;

/** Between nodes and services: requests take time, get lost, and arrive late. */
export class Network {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly random: Random;

  readonly trace: (text: string) => void;

  constructor(scheduler: Scheduler, faults: Faults, random: Random, trace: (text: string) => void) {
    this.scheduler = scheduler;
    this.faults = faults;
    this.random = random;
    this.trace = trace;
  }

  /** Runs `effect` at the service when the request arrives; resolves to what it returns, rejects with what it throws. */
  request<T>(from: Sender, what: string, effect: () => T, signal?: AbortSignal): Promise<T> {
    return this.inTwoLooks(from, what, () => undefined, effect, signal, 'together');
  }

  /** A time in which a process may be held up. */
  hesitation(from: Sender): Promise<void> {
    return this.scheduler.sleep(0, from);
  }

  /** The same for an effect in two parts, between which others' may come. */
  inTwoLooks<S, T>(
    from: Sender,
    what: string,
    first: () => S,
    second: (seen: S) => T,
    signal?: AbortSignal,
    looks: 'together' | 'apart' = 'apart',
  ): Promise<T> {
    const { scheduler, random, faults } = this;
    const signedAt = from.now();
    const there = random.spread(0.5, 20);
    const back = random.spread(0.5, 20);
    const between = looks === 'apart' && random.chance(0.3) ? random.spread(0.1, 60) : undefined;
    const fault = scheduler.now < from.outageUntil ? 'lostRequest' : faults.ofRequest();
    this.trace(`${from.name} asks: ${what}${fault === undefined ? '' : ` (${fault})`}`);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const giveUp = () => reject(new TimedOut('no answer'));
    if (signal === undefined) scheduler.after(timeout, giveUp, from);
    else signal.addEventListener('abort', giveUp);
    const answer = (tell: boolean, effect: () => T): void => {
      let outcome: () => void;
      try {
        const value = effect();
        outcome = () => resolve(value);
      } catch (cause) {
        outcome = () => reject(cause);
      }
      if (tell) scheduler.after(back, outcome, from);
    };
    const arrive = (delay: number, tell: boolean) =>
      scheduler.after(delay, () => {
        if (Math.abs(scheduler.now - signedAt) > signatureLifetime) {
          faults.count('expired request');
          return answer(tell, () => {
            throw new RequestExpired('the signature has expired');
          });
        }
        if (between === undefined) return answer(tell, () => second(first()));
        const seen = first();
        scheduler.after(between, () => answer(tell, () => second(seen)));
      });
    switch (fault) {
      case 'refused':
        scheduler.after(there + back, () => reject(new Refused('slow down')), from);
        break;
      case 'lostRequest':
        break;
      case 'lostAnswer':
        arrive(there, false);
        break;
      case 'lateEffect':
        arrive(random.spread(timeout, signatureLifetime * 1.1), false);
        break;
      case 'slow':
        arrive(random.spread(50, 6_000), true);
        break;
      case undefined:
        arrive(there, true);
    }
    return promise;
  }
}
