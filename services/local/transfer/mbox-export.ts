import { createReadStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import type { Account } from '../../../shared/engine/account.ts';
import type { Mailbox } from '../../../shared/engine/mailbox.ts';
import { type ExportListener, messagesOf, Unreadable } from './export-messages.ts';
import { printPreamble } from './mbox-preamble.ts';
import { writeWhole } from './write-file.ts';

/** At the end of the name of a file that is not complete yet. */
export const partial = '.partial';

/** A file of that name is there, and it is not ours to write over. */
export class FileExists extends Error {}

/**
 * Writes a mailbox into an mbox file: a From_ line with the internal date, fields with the flags (see mbox-preamble.ts), the message's
 * exact bytes but for one `>` more before each `From `, and an empty line. The file has its name only when it is complete, so that an
 * export that was cut off is repeated: a file that holds just what would be written is left as it is. Any other is not written over.
 */
export async function exportToMbox(
  path: string,
  account: Account,
  mailbox: Mailbox,
  listener: ExportListener,
): Promise<void> {
  if (await exists(path)) {
    let messages = 0;
    const same = await holds(
      path,
      mboxOf(account, mailbox, () => messages++, listener.leftOut),
    );
    if (!same) throw new FileExists(`${path} is there already, and holds something else`);
    for (; messages > 0; messages--) listener.done('alreadyThere');
    return;
  }
  const temporary = `${path}${partial}`;
  await rm(temporary, { force: true });
  await writeWhole(
    path,
    temporary,
    mboxOf(account, mailbox, () => listener.done('written'), listener.leftOut),
  );
}

/** Whether a file is just this content; read no further than they agree. */
async function holds(path: string, content: AsyncIterable<Uint8Array>): Promise<boolean> {
  const chunks: AsyncIterator<Buffer> = createReadStream(path)[Symbol.asyncIterator]();
  let left: Buffer = Buffer.alloc(0);
  try {
    for await (let piece of content)
      while (piece.length > 0) {
        if (left.length === 0) {
          const { value, done } = await chunks.next();
          if (done) return false;
          left = value;
        }
        const length = Math.min(left.length, piece.length);
        if (left.compare(piece, 0, length, 0, length) !== 0) return false;
        left = left.subarray(length);
        piece = piece.subarray(length);
      }
    return left.length === 0 && (await chunks.next()).done === true;
  } finally {
    await chunks.return?.();
  }
}

async function* mboxOf(
  account: Account,
  mailbox: Mailbox,
  onMessage: () => void,
  leftOut: ExportListener['leftOut'],
): AsyncGenerator<Uint8Array> {
  for await (const message of messagesOf(account, mailbox)) {
    // Before anything of it is written; what breaks later fails the file.
    const body = await message.body().catch((cause) => {
      if (!(cause instanceof Unreadable)) throw cause;
      leftOut(cause);
    });
    if (!body) continue;
    yield Buffer.from(`From MAILER-DAEMON ${asctime(message.internalDate)}\n`);
    yield Buffer.from(printPreamble(message.flags, message.size));
    yield* quoted(body);
    onMessage();
  }
}

const lf = 0x0a;
const greater = 0x3e;
const from = Buffer.from('From ');

/**
 * mboxrd: a line of any number of `>` (none too) and `From ` is given one more. Ends with a line end, which is added where the message
 * has none, and an empty line. What may be the beginning of `From ` is held back until enough of it is there to tell; the `>` before it are not,
 * for one more among them is the same wherever it stands.
 */
export async function* quoted(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  /** May be the beginning of `From `. */
  let held = Buffer.alloc(0);
  let atLineStart = true;
  let endedByLine = true;
  for await (const piece of body) {
    const data = held.length === 0 ? Buffer.from(piece) : Buffer.concat([held, piece]);
    held = Buffer.alloc(0);
    let copied = 0;
    let at = 0;
    while (at < data.length) {
      if (atLineStart) {
        while (data[at] === greater) at++;
        const verdict = judge(data, at);
        if (verdict === 'unknown') break;
        if (verdict === 'from') {
          yield data.subarray(copied, at);
          yield Buffer.from('>');
          copied = at;
        }
      }
      const end = data.indexOf(lf, at);
      atLineStart = end >= 0;
      at = end < 0 ? data.length : end + 1;
    }
    yield data.subarray(copied, at);
    held = data.subarray(at);
    if (data.length > 0) endedByLine = data.at(-1) === lf;
  }
  yield held;
  yield Buffer.from(endedByLine ? '\n' : '\n\n');
}

function judge(data: Buffer, at: number): 'from' | 'other' | 'unknown' {
  const there = data.subarray(at, at + from.length);
  if (there.equals(from)) return 'from';
  return there.length < from.length && from.subarray(0, there.length).equals(there) ? 'unknown' : 'other';
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Thu Jan  1 00:00:00 1970`, in UTC. */
function asctime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const day = String(date.getUTCDate()).padStart(2);
  const time = date.toISOString().slice(11, 19);
  return `${days[date.getUTCDay()]} ${months[date.getUTCMonth()]} ${day} ${time} ${date.getUTCFullYear()}`;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return false;
      throw cause;
    },
  );
