import type { Account } from '../../../shared/engine/account.ts';
import { expungeMessages } from '../../../shared/engine/actions.ts';
import { restorableRows } from '../../../shared/engine/apply-departures.ts';
import type { Decide } from '../../../shared/engine/decision.ts';
import type { EngineParts } from '../../../shared/engine/engine.ts';
import { decodeFrame } from '../../../shared/engine/frame.ts';
import { collect } from '../../../shared/engine/message-index.ts';
import { rowsOf } from '../../../shared/engine/rows.ts';
import { frameEnd, type SegmentRef } from '../../../shared/engine/segment.ts';
import { decodeManifest, encodeManifest } from '../../../shared/engine/snapshot.ts';
import { UidSet } from '../../../shared/engine/uid-set.ts';
import { type AccountId, type BlobKey, objectKey } from '../../../shared/ids.ts';
import { ok } from '../../../shared/result.ts';

/** The same manifest without the header segments that cannot be read; undefined where all of them can. */
export interface Mended {
  readonly manifest: BlobKey;
  /** Segments that are left out: of their messages neither header nor id is known any more. */
  readonly lost: readonly SegmentRef[];
}

export async function withoutBrokenSegments(
  id: AccountId,
  { blobs, entropy }: Pick<EngineParts, 'blobs' | 'entropy'>,
  key: BlobKey,
): Promise<Mended | undefined> {
  const blob = await blobs.get(key);
  if (blob === undefined) return undefined;
  const manifest = decodeManifest(await collect(blob.body));
  const { segments } = manifest.messages;
  const lost: SegmentRef[] = [];
  for (const segment of segments) if (!(await isReadable(blobs, segment))) lost.push(segment);
  if (lost.length === 0) return undefined;
  const kept = segments.filter((segment) => !lost.includes(segment));
  const mended = objectKey(id, 'x', entropy);
  await blobs.put(
    mended,
    await encodeManifest({ ...manifest, messages: { ...manifest.messages, segments: kept } }),
  );
  return { manifest: mended, lost };
}

async function isReadable(blobs: EngineParts['blobs'], segment: SegmentRef): Promise<boolean> {
  try {
    const blob = await blobs.get(segment.key);
    if (blob === undefined) return false;
    const bytes = await collect(blob.body);
    if (bytes.length !== segment.bytes) return false;
    const { records, answers } = segment;
    for (const column of answers === undefined ? [records] : [records, answers.fields, answers.structures])
      for (const [i, { offset }] of column.frames.entries())
        decodeFrame(bytes.subarray(offset, frameEnd(column, i)));
    return true;
  } catch {
    return false;
  }
}

/**
 * Takes the messages of lost segments out of an account that is being rebuilt, and with them all that was only restorable: their bytes
 * are then in the store without anything that refers to them, and are recovered from there. Resolves to the number of places left.
 */
export async function dropLost(account: Account, lost: readonly SegmentRef[]): Promise<number> {
  const isLost = (no: number) => lost.some(({ first, count }) => no >= first && no < first + count);
  let places = 0;
  const whole = await account.whole();
  for (const { id, chunks } of whole.mailboxes) {
    const uids = UidSet.of(
      [...rowsOf(chunks)].filter(({ message }) => isLost(message)).map(({ uid }) => uid),
    );
    if (uids.size === 0) continue;
    places += uids.size;
    const done = await account.commit(expungeMessages(id, uids));
    if (!done.ok) throw new Error(`expunge: ${done.error.kind}`);
  }
  const { mailboxes, removedMailboxes } = await account.whole();
  const gone = [...mailboxes].flatMap((mailbox) => [...restorableRows(mailbox)]);
  for (const { mailbox } of removedMailboxes)
    gone.push(...rowsOf(mailbox.chunks), ...restorableRows(mailbox));
  if (!gone.some(({ message }) => isLost(message))) return places;
  const done = await account.commit(purgeAll);
  if (!done.ok) throw new Error(`purge: ${done.error.kind}`);
  return places;
}

const purgeAll: Decide<void> = (_state, now) =>
  ok({ operations: [{ kind: 'purge', expungedBefore: now }], answer: () => undefined });
