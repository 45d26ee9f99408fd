import type { Account } from '../../../shared/engine/account.ts';
import { referencedMessages } from '../../../shared/engine/apply-departures.ts';
import type { Decide } from '../../../shared/engine/decision.ts';
import type { EngineParts } from '../../../shared/engine/engine.ts';
import { type ListedBlob, listBlobs } from '../../../shared/engine/list-blobs.ts';
import type { MailError } from '../../../shared/engine/mail-error.ts';
import { createMailbox } from '../../../shared/engine/mailbox-actions.ts';
import type { AppendedMessage } from '../../../shared/engine/operation.ts';
import { type EmailId, type MailboxId, timeOfId } from '../../../shared/ids.ts';
import { MessageParser } from '../../../shared/message/parser.ts';
import { encodeRecord } from '../../../shared/message/record-codec.ts';
import { ok, type Result } from '../../../shared/result.ts';

export interface Recovered {
  messages: number;
  bytes: number;
  /** Attempts at a message that is there already, by its Message-ID. */
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
  const known = await knownMessages(account, since - stagedBefore);
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
    if (blob.madeAt < since || known.ids.has(blob.id)) continue;
    const message = await parseAgain(blobs, blob);
    if (message === undefined) {
      recovered.unreadable++;
      continue;
    }
    const { messageId } = message;
    if (messageId !== undefined && known.messageIds.has(messageId)) {
      recovered.repeated++;
      continue;
    }
    if (messageId !== undefined) known.messageIds.add(messageId);
    group.push(message.appended);
    recovered.messages++;
    recovered.bytes += blob.size;
    if (group.length < appendedAtOnce) continue;
    const added = await flush();
    if (!added.ok) return added;
  }
  const added = await flush();
  return added.ok ? ok(recovered) : added;
}

/** The ids of all messages, and the Message-IDs of the young ones, of which an earlier or later attempt may have been stored as well. */
async function knownMessages(
  account: Account,
  since: number,
): Promise<{ readonly ids: Set<EmailId>; readonly messageIds: Set<string> }> {
  const ids = new Set<EmailId>();
  const messageIds = new Set<string>();
  const numbers = [...new Set(referencedMessages(await account.whole()))];
  for (const no of numbers) {
    // One that cannot be read is told elsewhere, and is recovered as what its bytes say.
    const [id] = await account.emailIds([no]).catch(() => []);
    if (id === undefined) continue;
    ids.add(id);
    if (timeOfId(id) < since) continue;
    const [record] = await account.records([no]).catch(() => []);
    if (record?.envelope.messageId !== undefined) messageIds.add(record.envelope.messageId);
  }
  return { ids, messageIds };
}

async function parseAgain(
  blobs: EngineParts['blobs'],
  { key, id, size, madeAt }: ListedBlob,
): Promise<{ readonly appended: AppendedMessage; readonly messageId: string | undefined } | undefined> {
  try {
    const blob = await blobs.get(key);
    if (blob === undefined) return undefined;
    const parser = new MessageParser();
    if (blob.body instanceof Uint8Array) parser.push(blob.body);
    else for await (const chunk of blob.body) parser.push(chunk);
    const record = parser.end();
    if (record.size !== size) return undefined;
    const internalDate = Math.floor(madeAt / 1000);
    const appended = { emailId: id, size, internalDate, flags: [], record: encodeRecord(record) };
    return { appended, messageId: record.envelope.messageId };
  } catch {
    return undefined;
  }
}

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
