import { open, readdir, stat } from 'node:fs/promises';
import { basename, relative, resolve, sep } from 'node:path';
import { err, ok, type Result } from '../../../shared/result.ts';
import { printSize } from '../size.ts';
import { below, mailboxOfMboxFile } from './folder-names.ts';
import { partial } from './mbox-export.ts';
import { dateOfFromLine, readMboxFields } from './mbox-fields.ts';
import { readPreamble } from './mbox-preamble.ts';
import { type MboxEntry, NotAnMbox, readMbox } from './mbox-reader.ts';
import type { Source, SourceMessage } from './source-message.ts';

interface MboxFile {
  readonly path: string;
  /** How a report names it. */
  readonly name: string;
  readonly mailbox: string;
  readonly size: number;
}

/** One mbox file, for one mailbox. */
export async function mboxFileSource(
  path: string,
  mailbox: string,
  limit: number,
): Promise<Result<Source, string>> {
  const { size } = await stat(path);
  return mboxSource([{ path: resolve(path), name: basename(path), mailbox, size }], limit);
}

/**
 * A folder of `NAME.mbox` files, as an export makes it, or of files of other names that begin with a From_ line, as Thunderbird's do. What an
 * export that was cut off has left there is no mailbox.
 */
export async function mboxFolderSource(
  folder: string,
  target: string | undefined,
  limit: number,
): Promise<Result<Source, string>> {
  const files: MboxFile[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.name.endsWith(`.mbox${partial}`)) continue;
    const path = resolve(entry.parentPath, entry.name);
    if (!entry.isFile() || !(/\.mbox$/i.test(entry.name) || (await beginsLikeMbox(path)))) continue;
    const name = relative(folder, path).split(sep).join('/');
    const mailbox = mailboxOfMboxFile(name);
    const { size } = await stat(path);
    files.push({ path, name, mailbox: target === undefined ? mailbox : below(target, mailbox), size });
  }
  if (files.length === 0) return err(`${folder} is neither a Maildir nor a folder of mbox files`);
  return mboxSource(
    files.sort((a, b) => (a.mailbox < b.mailbox ? -1 : 1)),
    limit,
  );
}

async function beginsLikeMbox(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(5), 0, 5, 0);
    return buffer.toString('latin1', 0, bytesRead) === 'From ';
  } finally {
    await file.close();
  }
}

async function mboxSource(files: readonly MboxFile[], limit: number): Promise<Result<Source, string>> {
  let done = 0;
  // Judged before anything is imported: the first message of each tells.
  for (const { path } of files) {
    try {
      for await (const _ of readMbox(path, 0, () => {})) break;
    } catch (cause) {
      if (cause instanceof NotAnMbox)
        return err(`${path} is no mbox file: it does not begin with a From_ line`);
      throw cause;
    }
  }
  async function* messages(): AsyncGenerator<SourceMessage> {
    for (const { path, name, mailbox } of files)
      for await (const entry of readMbox(path, limit, (bytes) => {
        done += bytes;
      }))
        yield toMessage(entry, name, mailbox, limit);
  }
  return ok({
    mailboxes: files.map(({ mailbox }) => mailbox),
    total: files.reduce((sum, { size }) => sum + size, 0),
    done: () => done,
    messages: messages(),
  });
}

function toMessage(
  { bytes, fromLine, offset }: MboxEntry,
  name: string,
  mailbox: string,
  limit: number,
): SourceMessage {
  const place = `${name}, byte ${offset}`;
  if (bytes === undefined) {
    const failure = `larger than ${printSize(limit)}`;
    return { place, mailbox, content: { failure }, flags: [], internalDate: undefined };
  }
  const own = readPreamble(bytes);
  if (own === undefined) return { place, mailbox, content: { bytes }, ...readMboxFields(bytes, fromLine) };
  const { flags } = own;
  return { place, mailbox, content: { bytes: own.bytes }, flags, internalDate: dateOfFromLine(fromLine) };
}
