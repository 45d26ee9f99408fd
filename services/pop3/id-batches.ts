import { AccountRebuilt, ObjectGone } from '../../shared/engine/object-gone.ts';
import type { Drop, Maildrop } from './maildrop.ts';
import type { In } from './session-state.ts';

/** Email ids asked for at once: an answer of any length is made in bounded memory. */
const atOnce = 2048;

export interface IdBatch {
  readonly drops: readonly Drop[];
  /** Sixteen octets each. */
  readonly ids: Uint8Array;
}

/** The email ids of all messages that are not marked as deleted, some at a time. Throws where they cannot be read, or are those of a rebuilt account. */
export async function* idBatches(state: In<'transaction'>): AsyncGenerator<IdBatch> {
  for (const drops of inBatches(state.maildrop)) yield* await readIds(state, drops);
}

function* inBatches(maildrop: Maildrop): Generator<readonly Drop[]> {
  let batch: Drop[] = [];
  for (const drop of maildrop) {
    if (batch.push(drop) < atOnce) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** One that was purged meanwhile must not take the others with it: it is not listed, and cannot be retrieved either. */
async function readIds({ messages }: In<'transaction'>, drops: readonly Drop[]): Promise<readonly IdBatch[]> {
  const read = async (some: readonly Drop[]): Promise<IdBatch> => ({
    drops: some,
    ids: await messages.packedIds(some.map((drop) => drop.message)),
  });
  try {
    return [await read(drops)];
  } catch (cause) {
    onlyGone(cause);
  }
  const there: IdBatch[] = [];
  for (const drop of drops) {
    const one = await read([drop]).catch(onlyGone);
    if (one !== undefined) there.push(one);
  }
  return there;
}

/** Of an account that was rebuilt all are gone, and none is left out. */
function onlyGone(cause: unknown): undefined {
  if (!(cause instanceof ObjectGone) || cause instanceof AccountRebuilt) throw cause;
}
