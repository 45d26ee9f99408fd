import { type AccountId, type BlobKey, objectKey } from '../ids.ts';
import type { EngineParts } from './engine.ts';
import { type Entry, encodeEntry } from './entry.ts';
import { encodeOperations } from './operation-codec.ts';

/** An entry as it is sent. */
export interface BuiltEntry {
  readonly entry: Entry;
  readonly bytes: Uint8Array;
  /** Bytes of its spill object; 0 for none. */
  readonly spilled: number;
  /** That object. */
  readonly spill: BlobKey | undefined;
  /** What it names and was put: messages, and its spill object. */
  readonly blobs: readonly BlobKey[];
}

/** Encodes an entry, its spill object put where its operations are too many. */
export async function buildEntry(
  id: AccountId,
  entry: Omit<Entry, 'writer'>,
  named: readonly BlobKey[],
  { blobs, entropy, inlineBytes }: Pick<EngineParts, 'blobs' | 'entropy' | 'inlineBytes'>,
): Promise<BuiltEntry> {
  const { operations, ...fields } = entry;
  const header = { ...fields, writer: Buffer.from(entropy.bytes(8)).toString('hex') };
  const body = encodeOperations(operations);
  const built = { ...header, operations };
  if (body.length <= inlineBytes) {
    const bytes = encodeEntry({ ...header, body: { kind: 'inline', bytes: body } });
    return { entry: built, bytes, spilled: 0, spill: undefined, blobs: named };
  }
  const key = objectKey(id, 's', entropy);
  await blobs.put(key, body);
  const bytes = encodeEntry({ ...header, body: { kind: 'spill', key } });
  return { entry: built, bytes, spilled: body.length, spill: key, blobs: [...named, key] };
}
