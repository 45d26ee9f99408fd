import type { Page } from '../../../shared/ports/directory.ts';

/** What one request looks through at most where it asks for some of a list. */
const scanned = 2_000;

interface Wanted {
  readonly limit: number;
  readonly after?: string | undefined;
}

const encode = (name: string): string => Buffer.from(name).toString('base64url');
export const decodeCursor = (cursor: string | undefined): string | undefined =>
  cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString();

/**
 * A page of those items of a list that are wanted. It may hold fewer than were asked for, even none, and still have a next one: what
 * one request costs is bounded.
 */
export async function listed<T, V>(
  read: (after?: string) => Promise<Page<T>>,
  nameOf: (item: T) => string,
  keep: (item: T) => boolean,
  view: (item: T) => V,
  { limit, after }: Wanted,
): Promise<{ items: V[]; next: string | null }> {
  const items: V[] = [];
  let from = decodeCursor(after);
  for (let seen = 0; ; ) {
    const page = await read(from);
    for (const [i, item] of page.items.entries()) {
      if (keep(item)) items.push(view(item));
      const last = i === page.items.length - 1 && page.next === undefined;
      if (items.length === limit) return { items, next: last ? null : encode(nameOf(item)) };
    }
    seen += page.items.length;
    if (page.next === undefined) return { items, next: null };
    from = page.next;
    if (seen >= scanned) return { items, next: encode(from) };
  }
}
