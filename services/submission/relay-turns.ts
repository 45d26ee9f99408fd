/** Lets a number of messages be on their way at once. Others wait in their order, so many of them and so long. */
export class RelayTurns {
  readonly #mayWait: number;
  readonly #patienceMs: number;
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(atOnce: number, mayWait = 200, patienceMs = 60_000) {
    this.#free = atOnce;
    this.#mayWait = mayWait;
    this.#patienceMs = patienceMs;
  }

  /** Undefined where there was no turn for it in time; it was not begun then. */
  async take<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.#free > 0) this.#free--;
    else if (!(await this.#turn())) return undefined;
    try {
      return await work();
    } finally {
      // The turn is handed over by who ends: nobody who comes in between can take it.
      const [next] = this.#waiting;
      if (next) next();
      else this.#free++;
    }
  }

  #turn(): Promise<boolean> {
    if (this.#waiting.size >= this.#mayWait) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (hasTurn: boolean) => {
        clearTimeout(timer);
        this.#waiting.delete(begin);
        resolve(hasTurn);
      };
      const begin = () => end(true);
      const timer = setTimeout(() => end(false), this.#patienceMs);
      this.#waiting.add(begin);
    });
  }
}

/** The failure of a message that had no turn. */
export const noTurn = {
  kind: 'unavailable',
  cause: 'too many messages wait for the relay',
  busy: true,
} as const;
