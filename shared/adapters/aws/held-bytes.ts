/** More uploads at once than this process has memory for: nothing was stored, and later there will be room. */
export class TooManyUploads extends Error {
  constructor() {
    super('too many bytes wait to be stored');
    this.name = 'TooManyUploads';
  }
}

/** Counts what bodies under way keep in memory, all together, and refuses what would go beyond the bound. */
export class HeldBytes {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The share of one body; give it back when the body is stored or has failed. */
  share(): HeldShare {
    let own = 0;
    return {
      set: (bytes) => {
        if (bytes > own && this.#held + bytes - own > this.#limit) throw new TooManyUploads();
        this.#held += bytes - own;
        own = bytes;
      },
      [Symbol.dispose]: () => {
        this.#held -= own;
        own = 0;
      },
    };
  }
}

export interface HeldShare extends Disposable {
  /** What the body keeps now. */
  set(bytes: number): void;
}
