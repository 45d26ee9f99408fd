import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from '../../../shared/engine/account.ts';
import type { Mailbox } from '../../../shared/engine/mailbox.ts';
import { type ExportedMessage, type ExportListener, messagesOf, Unreadable } from './export-messages.ts';
import { extraFlagsFile, parseExtraFlags, printExtraFlags } from './maildir-extra-flags.ts';
import { exportedName, infoOf, parseKeywords, printKeywords, splitFileName } from './maildir-flags.ts';
import { writeWhole } from './write-file.ts';

const keywordsFile = 'dovecot-keywords';
const letters = 26;
/** Files: each waits for the disk, and those that wait together wait once. */
const writtenAtOnce = 16;

/**
 * Writes a mailbox into a Maildir. A message's file has the same name at every export, so that one that was cut off goes on where it
 * was, and one that is repeated writes what is new and brings flags up to date. Files of others are left alone.
 */
export async function exportToMaildir(
  folder: string,
  account: Account,
  mailbox: Mailbox,
  listener: ExportListener,
): Promise<void> {
  for (const place of ['cur', 'new', 'tmp'])
    await mkdir(join(folder, place), { recursive: true, mode: 0o700 });
  const there = new Map((await readdir(join(folder, 'cur'))).map((name) => [splitFileName(name).base, name]));
  const keywords = await ownKeywords(folder, mailbox);
  const extra = new Map(parseExtraFlags(await textOf(join(folder, extraFlagsFile))));
  const writing: Promise<void>[] = [];
  try {
    for await (const message of messagesOf(account, mailbox)) {
      const base = exportedName(message);
      const { info, left } = infoOf(message.flags, keywords);
      const name = `${base}:2,${info}`;
      if (left.length > 0) extra.set(base, left);
      else extra.delete(base);
      const known = there.get(base);
      if (known === undefined) {
        const file = writeMessage(folder, base, name, message).then(
          () => listener.done('written'),
          (cause) => {
            if (!(cause instanceof Unreadable)) throw cause;
            listener.leftOut(cause);
          },
        );
        // A failure is thrown where its turn comes to be awaited.
        file.catch(() => {});
        writing.push(file);
        if (writing.length >= writtenAtOnce) await writing.shift();
      } else {
        if (known !== name) await rename(join(folder, 'cur', known), join(folder, 'cur', name));
        listener.done('alreadyThere');
      }
    }
    await Promise.all(writing);
  } finally {
    await Promise.allSettled(writing);
  }
  const lines = Array.from(extra, ([base, names]) => printExtraFlags(base, names));
  if (lines.length > 0) await replaceText(folder, extraFlagsFile, lines.join(''));
  else await rm(join(folder, extraFlagsFile), { force: true });
}

async function writeMessage(
  folder: string,
  base: string,
  name: string,
  message: ExportedMessage,
): Promise<void> {
  const temporary = join(folder, 'tmp', base);
  await rm(temporary, { force: true });
  await writeWhole(join(folder, 'cur', name), temporary, await message.body(), message.internalDate);
}

/** Keywords keep the letters that they have there already; the rest of the 26 go to those that the mailbox has. */
async function ownKeywords(folder: string, { keywords }: Mailbox): Promise<readonly string[]> {
  const named = parseKeywords(await textOf(join(folder, keywordsFile)));
  // A letter without a name would be taken for somebody else's.
  const all = Array.from(named, (name) => name ?? '');
  for (const keyword of keywords)
    if (all.length < letters && keyword !== '$Forwarded' && !all.includes(keyword)) all.push(keyword);
  if (all.length > named.length) await replaceText(folder, keywordsFile, printKeywords(all));
  return all;
}

async function replaceText(folder: string, name: string, text: string): Promise<void> {
  const temporary = join(folder, 'tmp', name);
  await rm(temporary, { force: true });
  await writeWhole(join(folder, name), temporary, inOnePiece(text));
}

async function* inOnePiece(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const textOf = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return '';
    throw cause;
  });
