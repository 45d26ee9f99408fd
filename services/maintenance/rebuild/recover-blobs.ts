import type { Account } from '../../../shared/engine/account.ts';
import type { Decide } from '../../../shared/engine/decision.ts';
import type { EngineParts } from '../../../shared/engine/engine.ts';
import { type ListedBlob, listBlobs } from '../../../shared/engine/list-blobs.ts';
import type { MailError } from '../../../shared/engine/mail-error.ts';
import { createMailbox } from '../../../shared/engine/mailbox-actions.ts';
import type { AppendedMessage } from '../../../shared/engine/operation.ts';
import type { MailboxId } from '../../../shared/ids.ts';
import { MessageParser } from '../../../shared/message/parser.ts';
import { encodeRecord } from '../../../shared/message/record-codec.ts';
import type { MessageRecord } from '../../../shared/message/structure.ts';
import { ok, type Result } from '../../../shared/result.ts';
import { KnownMessages } from './known-messages.ts';

export interface Recovered {
  messages: number;
  bytes: number;
  /** Other attempts at a message that is there already: the same octets but for what each delivery puts before them. */
  repeated: number;
  /** Objects that could not be read. */
  unreadable: number;
}

/** A message may be put this long before the entry that names it, ms: what is younger may belong to an entry that is lost. */
export const stagedBefore = 24 * 3600_000;
const appendedAtOnce = 100;

/**
 * Adds the messages that are in the store and came at or after `since` (ms), and that the account, as it could be read, does not
 * know. They are parsed again and keep their ids and times of arrival.
 */
export async function recoverBlobs(
  account: Account,
  { blobs }: Pick<EngineParts, 'blobs'>,
  mailbox: string,
  since: number,
): Promise<Result<Recovered, MailError>> {
  const recovered: Recovered = { messages: 0, bytes: 0, repeated: 0, unreadable: 0 };
  const known = new KnownMessages(account, blobs);
  await known.load(since - stagedBefore);
  let group: AppendedMessage[] = [];
  const flush = async (): Promise<Result<void, MailError>> => {
    if (group.length === 0) return ok(undefined);
    const target = await mailboxFor(account, mailbox);
    if (!target.ok) return target;
    const added = await account.commit(addMessages(target.value, group));
    group = [];
    return added;
  };
  for await (const blob of listBlobs(blobs, account.id, 'm')) {
    if (blob.madeAt < since || known.has(blob.id)) continue;
    const record = await parseAgain(blobs, blob);
    if (record === undefined) {
      recovered.unreadable++;
      continue;
    }
    if (!(await known.addNew(blob.id, record))) {
      recovered.repeated++;
      continue;
    }
    group.push(appendedAgain(blob, record));
    recovered.messages++;
    recovered.bytes += blob.size;
    if (group.length < appendedAtOnce) continue;
    const added = await flush();
    if (!added.ok) return added;
  }
  const added = await flush();
  return added.ok ? ok(recovered) : added;
}

/** Undefined where it cannot be read whole. */
async function parseAgain(
  blobs: EngineParts['blobs'],
  { key, size }: ListedBlob,
): Promise<MessageRecord | undefined> {
  try {
    const blob = await blobs.get(key);
    if (blob === undefined) return undefined;
    const parser = new MessageParser();
    if (blob.body instanceof Uint8Array) parser.push(blob.body);
    else for await (const chunk of blob.body) parser.push(chunk);
    const record = parser.end();
    return record.size === size ? record : undefined;
  } catch {
    return undefined;
  }
}

const appendedAgain = ({ id, size, madeAt }: ListedBlob, record: MessageRecord): AppendedMessage => ({
  emailId: id,
  size,
  internalDate: Math.floor(madeAt / 1000),
  flags: [],
  record: encodeRecord(record),
});

async function mailboxFor(account: Account, name: string): Promise<Result<MailboxId, MailError>> {
  const there = account.state.mailboxes.named(name);
  return there === undefined ? account.commit(createMailbox(name)) : ok(there.id);
}

/** Beyond any quota: what was acknowledged is never dropped for one. */
const addMessages =
  (mailbox: MailboxId, messages: readonly AppendedMessage[]): Decide<void> =>
  () =>
    ok({
      operations: messages.map((message) => ({ kind: 'append', mailbox, message, deliveryId: undefined })),
      answer: () => undefined,
    });
