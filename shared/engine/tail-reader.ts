import type { AccountId, BlobKey } from '../ids.ts';
import type { EngineParts } from './engine.ts';
import { type ReadEntry, readEntry } from './entry-reader.ts';
import type { AccountState } from './state.ts';

/** Whoever follows a log. */
interface Follower {
  readonly id: AccountId;
  readonly state: AccountState;
  /** Begins anew from a snapshot. */
  reload(manifest: BlobKey): Promise<void>;
  /** Takes in the next entry; one that it has already does nothing. */
  adoptEntry(entry: ReadEntry): Promise<void>;
}

/** Reads a log to its end, page by page, and from its head where entries are missing. Answers when the last read began, ms. */
export async function readTail(
  follower: Follower,
  { log, blobs, entropy }: Pick<EngineParts, 'log' | 'blobs' | 'entropy'>,
): Promise<number> {
  for (;;) {
    const readAt = entropy.now();
    const { head, entries, more } = await log.read(follower.id, follower.state.position);
    const first = entries.find((e) => e.position > follower.state.position);
    const last = entries.at(-1)?.position ?? 0;
    const gap = first !== undefined && first.position !== follower.state.position + 1;
    const behindHead = head !== undefined && head.position > Math.max(follower.state.position, last);
    const fresh = follower.state.position === 0 && head !== undefined;
    if (gap || behindHead || fresh) {
      if (head === undefined) throw new Error(`the log of ${follower.id} has a gap and no head`);
      await follower.reload(head.manifest);
      // What was read may be all that follows: then nothing is read again.
      const next = entries.find((e) => e.position > follower.state.position);
      if (head.position > follower.state.position) continue;
      if (next !== undefined && next.position !== follower.state.position + 1) continue;
    }
    for (const stored of entries) {
      if (stored.position <= follower.state.position) continue;
      await follower.adoptEntry(await readEntry(blobs, stored));
    }
    if (!more) return readAt;
  }
}
