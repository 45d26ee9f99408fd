import { createHash } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import type { Account } from '../../shared/engine/account.ts';
import { stateDigest } from '../../shared/engine/state-digest.ts';
import type { AccountId, BlobKey, LogPosition } from '../../shared/ids.ts';
import type { Head } from '../../shared/ports/account-log.ts';
import { MemoryBlobs, MemoryLog } from '../support/memory-store.ts';

/** A log as a release wrote it, with what it kept beside it, and what that release made of both. */
export interface Recording {
  readonly release: string;
  readonly account: AccountId;
  /** Every entry there ever was, in base64. */
  readonly entries: readonly string[];
  /** A snapshot part of the way, where there is one. */
  readonly head: Head | undefined;
  /** Spill objects and pieces of the snapshot, in base64; messages are left out. */
  readonly objects: Readonly<Record<string, string>>;
  /** shared/engine/state-digest.ts, after the last entry. */
  readonly state: string;
  /** Of the email ids and header records of all messages that there are, as `messagesDigest` has it. */
  readonly messages: string;
}

/** What an account says of the messages in its mailboxes. */
export async function messagesDigest(account: Account): Promise<string> {
  const numbers = new Set<number>();
  for (const { chunks } of (await account.whole()).mailboxes)
    for (const { length, fixed } of chunks) for (let i = 0; i < length; i++) numbers.add(fixed.message[i]!);
  const sorted = [...numbers].sort((a, b) => a - b);
  const ids = await account.emailIds(sorted);
  const records = await account.records(sorted);
  const hash = createHash('sha256');
  records.forEach(({ envelope, root, header, preview }, i) => {
    hash.update(JSON.stringify([ids[i], envelope, root, ...(preview === undefined ? [] : [preview])]));
    hash.update(header);
  });
  return hash.digest('hex');
}

export const digestsOf = async (account: Account): Promise<Pick<Recording, 'state' | 'messages'>> => ({
  state: stateDigest(await account.whole()),
  messages: await messagesDigest(account),
});

/** The forms that are used where there are several: of records in the log's entries (version and codec), and of manifests. */
export function formsOf(account: Account, manifest: Uint8Array): readonly string[] {
  const records = Array.from(
    account.messages.tail.values(),
    ({ record }) => `record ${record[0]}/${record[1]}`,
  );
  return [...new Set([...records, `manifest ${zstdDecompressSync(manifest)[0]}`])].sort();
}

/** A store that holds a recording: its whole log, or the snapshot and the entries after it. */
export async function storeOf(recording: Recording, from: 'the beginning' | 'the snapshot') {
  const log = new MemoryLog(() => 0);
  const blobs = new MemoryBlobs();
  const { account, entries, objects, head } = recording;
  for (const [key, bytes] of Object.entries(objects))
    await blobs.put(key as BlobKey, Buffer.from(bytes, 'base64'));
  for (const [i, bytes] of entries.entries())
    await log.append({
      account,
      position: (i + 1) as LogPosition,
      bytes: Buffer.from(bytes, 'base64'),
      blobs: [],
      readAt: 0,
    });
  if (from === 'the snapshot' && head !== undefined) {
    await log.moveHead(account, head);
    await log.trim(account, head.position);
  }
  return { log, blobs };
}

/** As a file: a line for each object and entry, so that a difference can be seen. */
export function printRecording({ objects, entries, ...rest }: Recording): string {
  const lines = [
    rest,
    ...Object.entries(objects).map(([key, bytes]) => ({ object: key, bytes })),
    ...entries.map((entry) => ({ entry })),
  ];
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
}

export function readRecording(text: string): Recording {
  const [rest, ...lines] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const objects: Record<string, string> = {};
  const entries: string[] = [];
  for (const line of lines) {
    if (line.entry === undefined) objects[line.object] = line.bytes;
    else entries.push(line.entry);
  }
  return { ...rest, objects, entries };
}
