import type { Account } from '../../../shared/engine/account.ts';
import type { Mailbox } from '../../../shared/engine/mailbox.ts';
import type { EmailId } from '../../../shared/ids.ts';
import { describeCause } from '../describe-mail-error.ts';

/** What became of a message: a repeated export finds some there. */
export type Exported = 'written' | 'alreadyThere';

/** The bytes of a message could not be read: it is left out, and the others of its mailbox go on. */
export class Unreadable extends Error {
  constructor(uid: number, cause: unknown) {
    super(`UID ${uid}: ${describeCause(cause)}`, { cause });
  }
}

/** Told of each message. */
export interface ExportListener {
  done(what: Exported): void;
  leftOut(why: Unreadable): void;
}

/** A message as an export writes it. */
export interface ExportedMessage {
  readonly uid: number;
  readonly emailId: EmailId;
  /** Bytes. */
  readonly size: number;
  /** Seconds since 1970. */
  readonly internalDate: number;
  readonly flags: readonly string[];
  /** The exact bytes. Throws Unreadable, at once or on the way. */
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
        const uid = fixed.uid[i]!;
        yield {
          uid,
          emailId: ids[i - from]!,
          size: fixed.size[i]!,
          internalDate: fixed.internalDate[i]!,
          flags: flags.set(marks.flags[i]!).flags,
          body: async () => {
            const { body } = await account.body(number).catch((cause) => {
              throw new Unreadable(uid, cause);
            });
            return chunksOf(uid, body);
          },
        };
      }
    }
}

async function* chunksOf(
  uid: number,
  body: Uint8Array | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    if (body instanceof Uint8Array) yield body;
    else yield* body;
  } catch (cause) {
    throw new Unreadable(uid, cause);
  }
}
