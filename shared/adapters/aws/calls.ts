import { failureKind, ServiceFailure } from './failure.ts';

export interface CallLimits {
  /** For one attempt, up to the end of its answer (of a long body: up to its beginning), ms. */
  readonly attemptMs: number;
  /** For all attempts and the waits between them, ms. */
  readonly totalMs: number;
  readonly attempts: number;
}

export interface CallParts {
  readonly sleep: (ms: number) => Promise<void>;
  /** At least 0 and below 1. */
  readonly random: () => number;
  /** Milliseconds, for the limits. */
  readonly now: () => number;
}

export const systemParts: CallParts = {
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  random: Math.random,
  now: Date.now,
};

/** DynamoDB answers in milliseconds; what takes seconds will not come. */
export const tableLimits: CallLimits = { attemptMs: 4_000, totalMs: 12_000, attempts: 5 };
/** Transactions hinder each other where they touch the same domain: they come again more often. */
export const directoryLimits: CallLimits = { attemptMs: 4_000, totalMs: 20_000, attempts: 12 };
/** S3 moves up to 16 MB in one attempt. */
export const bucketLimits: CallLimits = { attemptMs: 20_000, totalMs: 60_000, attempts: 5 };

const firstWaitMs = 30;
const longestWaitMs = 3_000;

/**
 * Sends requests with limits on time, and repeats those that may be repeated. The SDK's own repetition is off: here it is
 * known which calls a lost answer makes doubtful, and a simulation owns time and chance.
 */
export class Calls {
  readonly #limits: CallLimits;
  readonly #parts: CallParts;

  constructor(limits: CallLimits, parts: CallParts = systemParts) {
    this.#limits = limits;
    this.#parts = parts;
  }

  /** One attempt. Fails with what the SDK throws; `send` must heed the signal. */
  async once<T>(send: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), this.#limits.attemptMs);
    try {
      return await send(limit.signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * As many attempts as the limits allow; for what may happen twice. Throws ServiceFailure at the end, and at once what
   * `isAnswer` knows: errors that the caller reads as answers.
   */
  repeat<T>(
    what: string,
    send: (signal: AbortSignal) => Promise<T>,
    isAnswer: (cause: unknown) => boolean = () => false,
  ): Promise<T> {
    return this.#until(what, send, isAnswer, (kind) => kind !== 'refused');
  }

  /** As `repeat`, for what must not be sent again once an answer was lost. */
  unlessDoubtful<T>(
    what: string,
    send: (signal: AbortSignal) => Promise<T>,
    isAnswer: (cause: unknown) => boolean = () => false,
  ): Promise<T> {
    return this.#until(what, send, isAnswer, (kind) => kind === 'throttled' || kind === 'notSent');
  }

  async #until<T>(
    what: string,
    send: (signal: AbortSignal) => Promise<T>,
    isAnswer: (cause: unknown) => boolean,
    again: (kind: ReturnType<typeof failureKind>) => boolean,
  ): Promise<T> {
    const { attempts, totalMs } = this.#limits;
    const deadline = this.#parts.now() + totalMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.once(send);
      } catch (cause) {
        if (isAnswer(cause)) throw cause;
        const kind = failureKind(cause);
        const late = attempt >= attempts || this.#parts.now() >= deadline;
        if (late || !again(kind)) throw new ServiceFailure(kind, what, cause);
      }
      await this.pause(attempt);
    }
  }

  /** Waits before attempt `attempt + 1`: longer each time, and a random part of it, so that many do not come back at once. */
  pause(attempt: number): Promise<void> {
    return this.#parts.sleep(this.#parts.random() * Math.min(longestWaitMs, firstWaitMs * 2 ** attempt));
  }
}
