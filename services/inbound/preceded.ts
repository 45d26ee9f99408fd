/** Octets before others. */
export async function* preceded(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

/** Most messages are smaller: those are waited for; octets. */
const wholeBytes = 64 * 1024;

/** The same, in one piece where both are neither large nor more than `most` octets: what is more is not waited for. `rest` is not closed. */
export async function wholeOrRest(
  first: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  most: number,
): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
  const held = [first];
  for (let size = first.length; size <= Math.min(most, wholeBytes); size += held.at(-1)!.length) {
    const next = await rest.next();
    if (next.done) return Buffer.concat(held, size);
    held.push(next.value);
  }
  return behind(held, rest);
}

async function* behind(
  held: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* held;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
