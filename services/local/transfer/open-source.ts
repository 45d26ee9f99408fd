import { stat } from 'node:fs/promises';
import { mailboxName } from '../../../shared/imap/mailbox-name.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import { describeCause } from '../describe-mail-error.ts';
import { maildirSource } from './maildir-source.ts';
import { mboxFileSource, mboxFolderSource } from './mbox-source.ts';
import type { Source } from './source-message.ts';

/**
 * What is at a path: an mbox file, a Maildir, or a folder of either. With `target`, everything goes to that mailbox and below it. The
 * error is one line that says what was expected. `limit` is the most octets of a message.
 */
export async function openSource(
  path: string,
  target: string | undefined,
  limit: number,
): Promise<Result<Source, string>> {
  const mailbox = target === undefined ? undefined : mailboxName(target);
  try {
    const found = await stat(path);
    if (found.isFile()) return await mboxFileSource(path, mailbox ?? 'INBOX', limit);
    if (!found.isDirectory()) return err(`${path} is neither a file nor a folder`);
    const maildir = await maildirSource(path, mailbox, limit);
    return maildir ? ok(maildir) : await mboxFolderSource(path, mailbox, limit);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    return err(code === 'ENOENT' ? `there is no ${path}` : `cannot read ${path}: ${describeCause(cause)}`);
  }
}
