import { fieldAt } from './header.ts';

/** A header block that is longer is passed on as it came. */
const maxHeader = 1024 * 1024;

const headerEnd = Buffer.from('\r\n\r\n');
const emptyLine = Buffer.from('\r\n');

/** Where the header block ends, its empty line not included, or -1 where that has not come yet. */
function endOfHeader(held: Buffer): number {
  if (held.indexOf(emptyLine) === 0) return 0;
  const end = held.indexOf(headerEnd);
  return end < 0 ? -1 : end + 2;
}

/**
 * A message with another header block, its body at the reader's pace; lines end with CRLF. `change` is given the fields, each with
 * its line end, without the empty line that follows. What it throws is thrown on.
 */
export async function* changedHeader(
  chunks: AsyncIterable<Uint8Array>,
  change: (block: Uint8Array) => Uint8Array,
): AsyncGenerator<Uint8Array> {
  let held: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (held === undefined) {
      yield chunk;
      continue;
    }
    held = Buffer.concat([held, chunk]);
    const end = endOfHeader(held);
    if (end < 0 && held.length <= maxHeader) continue;
    if (end >= 0) yield change(held.subarray(0, end));
    yield end < 0 ? held : held.subarray(end);
    held = undefined;
  }
  if (held !== undefined) yield change(held);
}

/** A header block without the fields of some names (lower case). */
export function withoutFields(block: Uint8Array, names: ReadonlySet<string>): Uint8Array {
  const kept: Uint8Array[] = [];
  let from = 0;
  for (let field = fieldAt(block, 0); field !== undefined; field = fieldAt(block, field.end)) {
    if (!names.has(field.name)) continue;
    kept.push(block.subarray(from, field.start));
    from = field.end;
  }
  kept.push(block.subarray(from));
  return Buffer.concat(kept);
}
