import type { Account } from '../../../shared/engine/account.ts';
import { restorableRows } from '../../../shared/engine/apply-departures.ts';
import type { EngineParts } from '../../../shared/engine/engine.ts';
import { listBlobs } from '../../../shared/engine/list-blobs.ts';
import { collect } from '../../../shared/engine/message-index.ts';
import { rowsOf } from '../../../shared/engine/rows.ts';
import type { AccountState } from '../../../shared/engine/state.ts';
import { type EmailId, messageKey } from '../../../shared/ids.ts';
import { MessageParser } from '../../../shared/message/parser.ts';
import { encodeRecord, uncompressedRecord } from '../../../shared/message/record-codec.ts';
import type { MessageRecord } from '../../../shared/message/structure.ts';
import { because, type Findings } from './findings.ts';

export interface MessageCounts {
  /** Different messages: in mailboxes, or expunged and still restorable. */
  messages: number;
  /** Their sizes. */
  bytes: number;
  /** Objects that nothing refers to; the sweep takes them when they are 30 days old. */
  orphans: { objects: number; bytes: number };
  /** Messages that were read and parsed again, and of those how many this release parses otherwise than the one that took them in. */
  read: number;
  parsedOtherwise: number;
}

type Parts = Pick<EngineParts, 'blobs' | 'sleep'>;

const recordsAtOnce = 500;
const readAtOnce = 4;
/** A list may come from an index of the objects: of those as large as this the last byte is read. */
const probedSize = 128 * 1024;

/** Checks that every message that a state refers to has its header record and its bytes, of the size that the mailbox says. */
export async function checkMessages(
  account: Account,
  parts: Parts,
  depth: 'shallow' | 'deep',
  findings: Findings,
): Promise<MessageCounts> {
  const sizes = sizesByMessage(await account.whole(), findings);
  const counts: MessageCounts = {
    messages: sizes.size,
    bytes: 0,
    orphans: { objects: 0, bytes: 0 },
    read: 0,
    parsedOtherwise: 0,
  };
  for (const size of sizes.values()) counts.bytes += size;
  const ids = await checkRecords(account, parts, sizes, findings);
  const numbers = new Map([...ids].map(([id, no]) => [id, no] as const));
  const missing = new Map(ids);
  const probes: EmailId[] = [];
  for await (const { id, size } of listBlobs(parts.blobs, account.id, 'm')) {
    const no = numbers.get(id);
    if (no === undefined) {
      counts.orphans.objects++;
      counts.orphans.bytes += size;
      continue;
    }
    missing.delete(id);
    const wanted = sizes.get(no)!;
    if (size !== wanted) findings.add('blob', `message ${id} has ${size} bytes, its mailbox says ${wanted}`);
    else if (size > probedSize) probes.push(id);
  }
  for (const id of missing.keys()) findings.add('blob', `message ${id} is not there`);
  const present = [...numbers].filter(([id]) => !missing.has(id));
  if (depth === 'deep')
    await inParallel(present, (message) => readAgain(account, parts, message, sizes, counts, findings));
  else await inParallel(probes, (id) => probe(account, parts, id, sizes.get(numbers.get(id)!)!, findings));
  return counts;
}

/** The size of every message that is referred to, by its number. */
function sizesByMessage(state: AccountState, findings: Findings): Map<number, number> {
  const sizes = new Map<number, number>();
  const mailboxes = [...state.mailboxes, ...Array.from(state.removedMailboxes, (r) => r.mailbox)];
  for (const mailbox of mailboxes)
    for (const rows of [rowsOf(mailbox.chunks), restorableRows(mailbox)])
      for (const { message, size, uid } of rows) {
        const before = sizes.get(message);
        if (before !== undefined && before !== size)
          findings.add(
            'counters',
            `mailbox ${mailbox.name}: UID ${uid} has ${size} bytes, a copy of it ${before}`,
          );
        sizes.set(message, size);
      }
  return sizes;
}

/** Reads every header record; resolves to the numbers by email id. */
async function checkRecords(
  account: Account,
  { sleep }: Parts,
  sizes: ReadonlyMap<number, number>,
  findings: Findings,
): Promise<Map<EmailId, number>> {
  const ids = new Map<EmailId, number>();
  const check = (no: number, id: EmailId, record: MessageRecord): void => {
    if (ids.has(id)) findings.add('record', `messages ${ids.get(id)} and ${no} both have the id ${id}`);
    ids.set(id, no);
    // Each is decoded when it is first asked for.
    void record.envelope;
    void record.root;
    if (record.size !== sizes.get(no))
      findings.add(
        'record',
        `message ${id}: the record says ${record.size} bytes, its mailbox ${sizes.get(no)}`,
      );
  };
  const look = async (numbers: readonly number[]): Promise<void> => {
    const found = await account.emailIds(numbers);
    const records = await account.records(numbers);
    for (const [i, no] of numbers.entries()) {
      try {
        check(no, found[i]!, records[i]!);
      } catch (cause) {
        findings.add('record', `message ${found[i]}: ${because(cause)}`);
      }
    }
  };
  const all = [...sizes.keys()].sort((a, b) => a - b);
  for (let at = 0; at < all.length; at += recordsAtOnce) {
    const some = all.slice(at, at + recordsAtOnce);
    try {
      await look(some);
    } catch {
      // One that cannot be read hides the others: each by itself.
      for (const no of some)
        await look([no]).catch((cause) => findings.add('record', `message number ${no}: ${because(cause)}`));
    }
    await sleep(0);
  }
  return ids;
}

async function probe(
  account: Account,
  { blobs }: Parts,
  id: EmailId,
  size: number,
  findings: Findings,
): Promise<void> {
  try {
    const blob = await blobs.get(messageKey(account.id, id), { start: size - 1, end: size });
    if (blob === undefined) findings.add('blob', `message ${id} is listed, but not there`);
    else if ((await collect(blob.body)).length !== 1)
      findings.add('blob', `message ${id} is shorter than its ${size} bytes`);
  } catch (cause) {
    findings.add('blob', `message ${id}: ${because(cause)}`);
  }
}

/** Reads a message's bytes and parses them: they must be of the size, and begin with the header, that were taken in. */
async function readAgain(
  account: Account,
  { blobs }: Parts,
  [id, no]: readonly [EmailId, number],
  sizes: ReadonlyMap<number, number>,
  counts: MessageCounts,
  findings: Findings,
): Promise<void> {
  try {
    const blob = await blobs.get(messageKey(account.id, id));
    if (blob === undefined) return findings.add('blob', `message ${id} is listed, but not there`);
    const parser = new MessageParser();
    if (blob.body instanceof Uint8Array) parser.push(blob.body);
    else for await (const chunk of blob.body) parser.push(chunk);
    const parsed = parser.end();
    counts.read++;
    if (parsed.size !== sizes.get(no))
      return findings.add(
        'blob',
        `message ${id} has ${parsed.size} bytes, its mailbox says ${sizes.get(no)}`,
      );
    const [record] = await account.records([no]);
    if (!Buffer.from(parsed.header).equals(record!.header))
      return findings.add('blob', `message ${id} does not begin with the header that was taken in`);
    const kept = uncompressedRecord(encodeRecord(record!));
    if (!Buffer.from(uncompressedRecord(encodeRecord(parsed))).equals(kept)) counts.parsedOtherwise++;
  } catch (cause) {
    findings.add('blob', `message ${id}: ${because(cause)}`);
  }
}

async function inParallel<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const next = items[Symbol.iterator]();
  const work = async () => {
    for (const item of next) await run(item);
  };
  await Promise.all(Array.from({ length: readAtOnce }, work));
}
