import type { Account } from '../../../shared/engine/account.ts';
import { decodeNumbers } from '../../../shared/engine/cluster-numbers.ts';
import type { EngineParts } from '../../../shared/engine/engine.ts';
import { decodeFrame } from '../../../shared/engine/frame.ts';
import { collect, ObjectGone } from '../../../shared/engine/message-index.ts';
import { rowsOf } from '../../../shared/engine/rows.ts';
import { type ClusterPart, type Column, columnOf, frameEnd } from '../../../shared/engine/segment.ts';
import { fieldsAnswer, structureAnswer } from '../../../shared/imap/stored-answers.ts';
import { decodeRecord } from '../../../shared/message/record-codec.ts';
import { because, type Findings } from './findings.ts';

type Parts = Pick<EngineParts, 'blobs' | 'sleep'>;

const recordsAtOnce = 500;

/** Checks that the copies that mailboxes have of their scattered messages say what the segments say. */
export async function checkClusters(account: Account, parts: Parts, findings: Findings): Promise<void> {
  const { mailboxes } = await account.whole();
  for (const { mailbox, parts: copied } of account.snapshot?.messages.clusters ?? []) {
    const there = new Set<number>();
    for (const { message } of rowsOf(mailboxes.get(mailbox)?.chunks ?? [])) there.add(message);
    for (const part of copied) {
      try {
        const differing = await differences(account, parts, part, there);
        if (differing > 0)
          findings.add(
            'snapshot',
            `${differing} copies for mailbox ${mailbox} in ${part.copies.key} are not right`,
          );
      } catch (cause) {
        findings.add('snapshot', `copies for mailbox ${mailbox}: ${because(cause)}`);
      }
    }
  }
}

/** How many copies of messages that are `there` are not right: of others the segments may have nothing any more. */
async function differences(
  account: Account,
  { blobs, sleep }: Parts,
  part: ClusterPart,
  there: ReadonlySet<number>,
): Promise<number> {
  const { key, ids, bytes: size, count } = part.copies;
  const blob = await blobs.get(key);
  if (blob === undefined) throw new ObjectGone(key);
  const bytes = await collect(blob.body);
  if (bytes.length !== size) throw new Error(`${key} has ${bytes.length} bytes, and should have ${size}`);
  const numbers = decodeNumbers(bytes.subarray(ids), count);
  const records = itemsOf(part, 'records', bytes);
  const fields = itemsOf(part, 'fields', bytes);
  const structures = itemsOf(part, 'structures', bytes);
  const places = Array.from(numbers, (no, place) => ({ no, place })).filter(({ no }) => there.has(no));
  let differing = 0;
  for (let at = 0; at < places.length; at += recordsAtOnce) {
    const some = places.slice(at, at + recordsAtOnce);
    const stored = await account.messages.encodedRecords(some.map(({ no }) => no));
    for (const [i, { place }] of some.entries()) {
      const record = decodeRecord(stored[i]!);
      const right =
        same(records, place, stored[i]!) &&
        (fields === undefined || same(fields, place, fieldsAnswer(record.header))) &&
        (structures === undefined || same(structures, place, structureAnswer(record)));
      if (!right) differing++;
    }
    await sleep(0);
  }
  return differing;
}

const same = (items: readonly Uint8Array[] | undefined, place: number, wanted: Uint8Array): boolean =>
  items?.[place] !== undefined && Buffer.compare(items[place], wanted) === 0;

/** What a column has of each message; undefined where it is of another release. */
function itemsOf({ copies }: ClusterPart, name: Column, bytes: Uint8Array): Uint8Array[] | undefined {
  const column = columnOf(copies, name);
  return column?.frames.flatMap(({ offset }, i) => {
    const frame = decodeFrame(bytes.subarray(offset, frameEnd(column, i)));
    return Array.from({ length: frame.count }, (_, place) => frame.item(place)!);
  });
}
