import type { Account } from '../../../shared/engine/account.ts';
import type { Mailbox } from '../../../shared/engine/mailbox.ts';
import type { EmailId } from '../../../shared/ids.ts';

/** What became of a message: a repeated export finds some there. */
export type Exported = 'written' | 'alreadyThere';

/** A message as an export writes it. */
export interface ExportedMessage {
  readonly uid: number;
  readonly emailId: EmailId;
  /** Bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly internalDate: number;
  readonly flags: readonly string[];
  /** The exact bytes. */
  body(): Promise<AsyncIterable<Uint8Array>>;
}

const idsAtOnce = 512;

/** The messages of a mailbox in order of UID, as they are now: what changes meanwhile is not seen. */
export async function* messagesOf(account: Account, mailbox: Mailbox): AsyncGenerator<ExportedMessage> {
  await account.load(mailbox.id);
  const { flags, mailboxes } = account.state;
  for (const { fixed, marks, length } of mailboxes.get(mailbox.id)?.chunks ?? [])
    for (let from = 0; from < length; from += idsAtOnce) {
      const to = Math.min(length, from + idsAtOnce);
      const ids = await account.emailIds([...fixed.message.subarray(from, to)]);
      for (let i = from; i < to; i++) {
        const number = fixed.message[i]!;
        yield {
          uid: fixed.uid[i]!,
          emailId: ids[i - from]!,
          size: fixed.size[i]!,
          internalDate: fixed.internalDate[i]!,
          flags: flags.set(marks.flags[i]!).flags,
          body: async () => {
            const { body } = await account.body(number);
            return body instanceof Uint8Array ? once(body) : body;
          },
        };
      }
    }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
