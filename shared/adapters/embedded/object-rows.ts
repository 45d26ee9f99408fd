import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';

/** What stands in the database of an object: its bytes, or the name of the file that has them. */
export interface ObjectRow {
  readonly size: number;
  readonly file: string | undefined;
  readonly bytes: Uint8Array;
}

interface Asked {
  readonly key: string;
  readonly answer: PromiseWithResolvers<ObjectRow | undefined>;
}

const none = new Uint8Array();

/**
 * Reads the rows of objects. Those that are asked for together are read in one transaction: beginning one and ending it takes as long as
 * reading a row.
 */
export class ObjectRows {
  readonly #row;
  readonly #begin;
  readonly #commit;
  #asked: Asked[] = [];

  constructor(reader: DatabaseSync) {
    this.#row = reader.prepare('SELECT size, file, bytes FROM blobs WHERE key = ?');
    // Names of columns would be looked up for each row.
    this.#row.setReturnArrays(true);
    this.#begin = reader.prepare('BEGIN');
    this.#commit = reader.prepare('COMMIT');
  }

  /** Undefined where there is no such object. Rejects with what SQLite says. */
  read(key: string): Promise<ObjectRow | undefined> {
    if (this.#asked.length === 0) queueMicrotask(() => this.#answerAll());
    const answer = Promise.withResolvers<ObjectRow | undefined>();
    this.#asked.push({ key, answer });
    return answer.promise;
  }

  #answerAll(): void {
    const asked = this.#asked;
    this.#asked = [];
    try {
      if (asked.length > 1) this.#begin.run();
      for (const one of asked) this.#answer(one);
      if (asked.length > 1) this.#commit.run();
    } catch (cause) {
      // Who has an answer keeps it.
      for (const { answer } of asked) answer.reject(cause);
    }
  }

  #answer({ key, answer }: Asked): void {
    try {
      answer.resolve(rowOf(this.#row.get(key) as unknown as readonly SQLOutputValue[] | undefined));
    } catch (cause) {
      answer.reject(cause);
    }
  }
}

function rowOf(columns: readonly SQLOutputValue[] | undefined): ObjectRow | undefined {
  if (columns === undefined) return undefined;
  const [size, file, bytes] = columns;
  return {
    size: size as number,
    file: (file as string | null) ?? undefined,
    // An empty value comes back as null.
    bytes: (bytes as Uint8Array | null) ?? none,
  };
}
