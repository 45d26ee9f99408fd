import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { type Page, pageItems, type Within } from '../../ports/directory.ts';

type Row = Record<string, SQLOutputValue>;
type Column = 'tenant' | 'domain';

/** One of the directory's lists, read by pages: all of it, or what has a value in one of the columns. An index serves each. */
export class DirectoryList<T> {
  readonly #key: string;
  readonly #read: (row: Row) => T;
  readonly #all: StatementSync;
  readonly #within: ReadonlyMap<Column, StatementSync>;

  constructor(
    reader: DatabaseSync,
    { table, key, within = [] }: { readonly table: string; readonly key: string; readonly within?: Column[] },
    read: (row: Row) => T,
  ) {
    const pages = (condition: string) =>
      reader.prepare(`SELECT * FROM ${table} WHERE ${condition} ${key} > ? ORDER BY ${key} LIMIT ?`);
    this.#key = key;
    this.#read = read;
    this.#all = pages('');
    this.#within = new Map(within.map((column) => [column, pages(`${column} = ? AND`)]));
  }

  page(after = '', limit = pageItems, within?: Within): Page<T> {
    // One more than is wanted tells whether there is a next page.
    const rows = this.#rows(after, limit + 1, within);
    const wanted = rows.slice(0, limit);
    return {
      items: wanted.map(this.#read),
      next: rows.length > limit ? String(wanted.at(-1)![this.#key]) : undefined,
    };
  }

  #rows(after: string, limit: number, within: Within | undefined): Row[] {
    if (within === undefined) return this.#all.all(after, limit);
    const [column, value] =
      'tenant' in within ? (['tenant', within.tenant] as const) : (['domain', within.domain] as const);
    return this.#within.get(column)!.all(value, after, limit);
  }
}
