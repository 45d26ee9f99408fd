/** Flags as IMAP knows them: system flags and keywords, compared without case (RFC 9051 §2.3.2). */

const systemFlags = ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft'] as const;
const systemByLower: ReadonlyMap<string, string> = new Map(systemFlags.map((f) => [f.toLowerCase(), f]));

/** Different keywords one account may use; further ones are refused with [LIMIT], and dropped by `apply`. */
export const maxKeywords = 1000;

/** The flags of a message. Equal sets within an account are the same object, with the same id. */
export interface FlagSet {
  /** System flags in the order of the RFC, then keywords in the order of their first use. */
  readonly flags: readonly string[];
  readonly seen: boolean;
  readonly deleted: boolean;
}

const keyOf = (names: readonly string[]): string => names.join(' ');

/**
 * Every flag set that an account has used, so that a message's flags are one small number. Immutable: a table shares sets and ids with those
 * that were made from it, and knows as many of them as it has; what two make of the same one is a copy for the second.
 */
export class FlagTable {
  /** Knows the set of no flags, as id 0. */
  static readonly empty: FlagTable = new FlagTable(
    [{ flags: [], seen: false, deleted: false }],
    new Map([['', 0]]),
    1,
    new Map(),
  );
  readonly #sets: FlagSet[];
  readonly #ids: Map<string, number>;
  readonly size: number;
  /** Lower case to the spelling first used, and its rank. */
  readonly #keywords: ReadonlyMap<string, { readonly name: string; readonly rank: number }>;

  private constructor(
    sets: FlagSet[],
    ids: Map<string, number>,
    size: number,
    keywords: ReadonlyMap<string, { readonly name: string; readonly rank: number }>,
  ) {
    this.#sets = sets;
    this.#ids = ids;
    this.size = size;
    this.#keywords = keywords;
  }

  set(id: number): FlagSet {
    return this.#sets[id] as FlagSet;
  }

  get keywordCount(): number {
    return this.#keywords.size;
  }

  knows(flag: string): boolean {
    const lower = flag.toLowerCase();
    return systemByLower.has(lower) || this.#keywords.has(lower);
  }

  /** The spelling under which this account shows a flag; undefined where it was never used. */
  spelling(flag: string): string | undefined {
    const lower = flag.toLowerCase();
    return systemByLower.get(lower) ?? this.#keywords.get(lower)?.name;
  }

  /** The id of a set of flags, in a table that has it. \Recent and unknown system flags are left out. */
  intern(flags: Iterable<string>): { readonly table: FlagTable; readonly id: number } {
    let keywords = this.#keywords;
    const chosen = new Map<string, number>();
    for (const flag of flags) {
      const lower = flag.toLowerCase();
      const system = systemByLower.get(lower);
      if (system !== undefined) {
        chosen.set(system, systemFlags.indexOf(system as (typeof systemFlags)[number]));
        continue;
      }
      if (lower === '' || lower.startsWith('\\')) continue;
      let keyword = keywords.get(lower);
      if (keyword === undefined) {
        if (keywords.size >= maxKeywords) continue;
        keyword = { name: flag, rank: systemFlags.length + keywords.size };
        keywords = new Map(keywords).set(lower, keyword);
      }
      chosen.set(keyword.name, keyword.rank);
    }
    const names = [...chosen].sort((a, b) => a[1] - b[1]).map(([name]) => name);
    const key = keyOf(names);
    const known = this.#ids.get(key);
    if (known !== undefined && known < this.size) return { table: this, id: known };
    const id = this.size;
    const set = { flags: names, seen: chosen.has('\\Seen'), deleted: chosen.has('\\Deleted') };
    const { sets, ids } = this.#storage();
    sets.push(set);
    ids.set(key, id);
    return { table: new FlagTable(sets, ids, id + 1, keywords), id };
  }

  /** Where the next set goes: what this table has, unless another has put one there. The empty table is everybody's. */
  #storage(): { readonly sets: FlagSet[]; readonly ids: Map<string, number> } {
    if (this.#sets.length === this.size && this.size > 1) return { sets: this.#sets, ids: this.#ids };
    const sets = this.#sets.slice(0, this.size);
    return { sets, ids: new Map(sets.map(({ flags }, id) => [keyOf(flags), id])) };
  }
}

export const isKeyword = (flag: string): boolean => !flag.startsWith('\\');
