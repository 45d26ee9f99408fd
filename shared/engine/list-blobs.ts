import { type AccountId, accountPrefix, type BlobKey, type EmailId, timeOfId } from '../ids.ts';
import type { BlobStore } from '../ports/blob-store.ts';

export interface ListedBlob {
  readonly key: BlobKey;
  /** Bytes. */
  readonly size: number;
  /** The last part of the key; a message's email id. */
  readonly id: EmailId;
  /** When the key was made, ms: the clock of whoever made it. */
  readonly madeAt: number;
}

/** An account's objects of one kind ('m' for messages), oldest first: keys sort by time. */
export async function* listBlobs(
  blobs: BlobStore,
  account: AccountId,
  kind: string,
): AsyncGenerator<ListedBlob> {
  const prefix = `${accountPrefix(account)}${kind}/`;
  for (let after: BlobKey | undefined; ; ) {
    const page = await blobs.list(prefix, after);
    for (const { key, size } of page) {
      const id = key.slice(prefix.length) as EmailId;
      yield { key, size, id, madeAt: timeOfId(id) };
    }
    after = page.at(-1)?.key;
    if (after === undefined) return;
  }
}
