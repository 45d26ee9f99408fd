import type { Random } from './random.ts';

/** What may befall one request. */
export const requestFaults = ['refused', 'lostRequest', 'lostAnswer', 'lateEffect', 'slow'] as const;
export type RequestFault = (typeof requestFaults)[number];

/** Everything rare that a run may contain, by the name under which it is counted. */
export type RareEvent =
  | RequestFault
  | 'freeze'
  | 'crash'
  | 'clockJump'
  | 'outage'
  | 'staleRead'
  | 'noticeLost'
  | 'noticeLate'
  | 'leaseShared'
  | 'partialBatch'
  | 'expiredRequest'
  | 'newerRelease'
  | 'rollback';

export interface FaultRates {
  readonly request: Readonly<Record<RequestFault, number>>;
  /** A background batch is done in part. */
  readonly partialBatch: number;
  /** An eventually consistent read answers what was. */
  readonly staleRead: number;
  readonly noticeLost: number;
  readonly noticeLate: number;
  /** Two holders of one lease. */
  readonly leaseShared: number;
}

export const noFaults: FaultRates = {
  request: { refused: 0, lostRequest: 0, lostAnswer: 0, lateEffect: 0, slow: 0 },
  partialBatch: 0,
  staleRead: 0,
  noticeLost: 0,
  noticeLate: 0,
  leaseShared: 0,
};

/** Each run has some kinds of faults and not others: what hides behind frequent faults shows where they are rare. */
export function drawRates(random: Random): FaultRates {
  const rate = (most: number) => (random.chance(0.5) ? random.spread(most / 20, most) : 0);
  return {
    request: {
      refused: rate(0.15),
      lostRequest: rate(0.1),
      lostAnswer: rate(0.2),
      lateEffect: rate(0.2),
      slow: rate(0.3),
    },
    partialBatch: rate(0.3),
    staleRead: rate(0.5),
    noticeLost: rate(0.5),
    noticeLate: rate(0.5),
    leaseShared: rate(0.3),
  };
}

/** Draws faults, counts them, and leaves out those that a shrunk replay does without. */
export class Faults {
  readonly counts = new Map<string, number>();
  /** Numbers of the faults that happened, in order. */
  readonly fired: number[] = [];
  rates: FaultRates;
  readonly #random: Random;
  readonly #without: ReadonlySet<number>;
  #drawn = 0;

  constructor(random: Random, rates: FaultRates, without: ReadonlySet<number>) {
    this.#random = random;
    this.rates = rates;
    this.#without = without;
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  happens(what: Exclude<keyof FaultRates, 'request'>): boolean {
    if (!this.#random.chance(this.rates[what]) || !this.#fire()) return false;
    this.count(what);
    return true;
  }

  ofRequest(): RequestFault | undefined {
    for (const fault of requestFaults)
      if (this.#random.chance(this.rates.request[fault])) {
        if (!this.#fire()) return undefined;
        this.count(fault);
        return fault;
      }
    return undefined;
  }

  #fire(): boolean {
    const number = this.#drawn++;
    if (this.#without.has(number)) return false;
    this.fired.push(number);
    return true;
  }
}
