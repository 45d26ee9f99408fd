import type { HeldShare } from './held-bytes.ts';

/** Larger objects are sent in parts, so that no more than this is in memory and sent again after a fault. */
export const multipartBytes = 16 * 1024 * 1024;
const partBytes = 8 * 1024 * 1024;
/** A piece of memory has room for so much at the least: each costs some of its own, and a body may come octet by octet. */
const leastPiece = 16 * 1024;

export function* slices(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += partBytes) yield bytes.subarray(at, at + partBytes);
}

/** Copies of a body's bytes: one piece where 16 MB hold it, else pieces of 8 MB and the rest. */
export async function* gathered(
  body: AsyncIterable<Uint8Array>,
  share: HeldShare,
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let size = 0;
  /** Bytes that are free at the end of the last one held. */
  let room = 0;
  let divided = false;
  for await (const chunk of body) {
    share.set(size + chunk.byteLength);
    // A copy: the producer may use its buffer again.
    const last = held.at(-1);
    const rest = chunk.subarray(room);
    last?.set(chunk.subarray(0, room), last.byteLength - room);
    room = Math.max(0, room - chunk.byteLength);
    if (rest.byteLength > 0) {
      const piece = new Uint8Array(Math.max(leastPiece, rest.byteLength));
      piece.set(rest);
      held.push(piece);
      room = piece.byteLength - rest.byteLength;
    }
    size += chunk.byteLength;
    if (size <= multipartBytes && !divided) continue;
    divided = true;
    while (size >= partBytes) {
      const all: Uint8Array = Buffer.concat(held, size);
      yield all.subarray(0, partBytes);
      held = [all.slice(partBytes)];
      room = 0;
      size -= partBytes;
      share.set(size);
    }
  }
  if (size > 0) yield Buffer.concat(held, size);
}

export async function* resumed(
  held: readonly Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* held;
  yield* rest;
}
