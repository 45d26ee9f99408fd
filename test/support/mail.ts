import assert from 'node:assert/strict';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages } from '../../shared/engine/actions.ts';
import { referencedMessages } from '../../shared/engine/apply-departures.ts';
import { collect } from '../../shared/engine/message-index.ts';
import { type BlobKey, messageKey } from '../../shared/ids.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';

export const sampleMessage = (n: number): Buffer =>
  Buffer.from(`Subject: message ${n}\r\nMessage-ID: <${n}@example.test>\r\n\r\nbody ${n}\r\n`);

export interface Placed {
  readonly mailbox?: string;
  readonly flags?: readonly string[];
  /** Seconds since 1970. */
  readonly internalDate?: number;
}

/** Appends `sampleMessage(n)`, to INBOX where nothing else is said. */
export async function deliver(account: Account, n: number, placed: Placed = {}): Promise<void> {
  const staged = await account.stage(sampleMessage(n));
  assert.ok(staged.ok);
  const request = { message: staged.value, flags: placed.flags ?? [], internalDate: placed.internalDate };
  const appended = await account.commit(appendMessages(placed.mailbox ?? 'INBOX', [request]));
  assert.ok(appended.ok, appended.ok ? '' : appended.error.kind);
}

/** Keys of an account's objects, of one kind or of all. */
export async function keysUnder(blobs: BlobStore, prefix: string): Promise<BlobKey[]> {
  return (await blobs.list(prefix)).map(({ key }) => key);
}

/** Every message that the state refers to can be read: its record, and its blob with the right length. */
export async function assertReadable(account: Account, blobs: BlobStore): Promise<void> {
  const numbers = [...new Set(referencedMessages(await account.whole()))];
  const ids = await account.emailIds(numbers);
  const records = await account.records(numbers);
  for (const [i, id] of ids.entries()) {
    const blob = await blobs.get(messageKey(account.id, id));
    assert.ok(blob, `message ${numbers[i]} has no blob`);
    assert.equal((await collect(blob.body)).length, records[i]!.size);
  }
}

/** UIDs with the subjects of a mailbox, in order. */
export async function subjects(account: Account, name: string): Promise<string[]> {
  const mailbox = (await account.whole()).mailboxes.named(name);
  assert.ok(mailbox, `no mailbox ${name}`);
  const numbers = mailbox.chunks.flatMap((c) => [...c.fixed.message.subarray(0, c.length)]);
  return (await account.records(numbers)).map((record) => record.envelope.subject ?? '');
}
