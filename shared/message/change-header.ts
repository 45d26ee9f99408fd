import { fieldAt } from './header.ts';

/** A header block that is longer is passed on as it came, octets. */
export const maxHeader = 1024 * 1024;

const headerEnd = Buffer.from('\r\n\r\n');
const emptyLine = Buffer.from('\r\n');

/** A buffer that grows by doubling: what comes in small pieces is copied a few times at the most. */
class Growing {
  #bytes = Buffer.alloc(0);
  #length = 0;

  get held(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#bytes.length));
      larger.set(this.held);
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }
}

/** Where the header block ends, its empty line not included, or -1 where that has not come yet: it does not end within the first `known` octets. */
function endOfHeader(held: Buffer, known: number): number {
  if (held.subarray(0, emptyLine.length).equals(emptyLine)) return 0;
  const end = held.indexOf(headerEnd, Math.max(0, known - headerEnd.length + 1));
  return end < 0 ? -1 : end + 2;
}

/**
 * A message with another header block, its body at the reader's pace; lines end with CRLF. `change` is given the fields, each with
 * its line end, without the empty line that follows; `tooLong` is called instead where that does not come in time. What they throw is thrown on.
 */
export async function* changedHeader(
  chunks: AsyncIterable<Uint8Array>,
  change: (block: Uint8Array) => Uint8Array | Promise<Uint8Array>,
  tooLong: () => void = () => {},
): AsyncGenerator<Uint8Array> {
  let growing: Growing | undefined = new Growing();
  for await (const chunk of chunks) {
    if (growing === undefined) {
      yield chunk;
      continue;
    }
    const known = growing.held.length;
    growing.add(chunk);
    const { held } = growing;
    const end = endOfHeader(held, known);
    if (end < 0 && held.length <= maxHeader) continue;
    growing = undefined;
    if (end >= 0) yield await change(held.subarray(0, end));
    else tooLong();
    yield end < 0 ? held : held.subarray(end);
  }
  if (growing !== undefined) yield await change(growing.held);
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
