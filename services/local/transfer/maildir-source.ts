import { lstat, readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { describeCause } from '../describe-mail-error.ts';
import { printSize } from '../size.ts';
import { below, mailboxOfMaildirFolder, mailboxOfPath } from './folder-names.ts';
import { extraFlagsFile, parseExtraFlags } from './maildir-extra-flags.ts';
import { exportedUid, flagsOfInfo, parseKeywords, parseUidList, splitFileName } from './maildir-flags.ts';
import { openRegular } from './regular-file.ts';
import { internalDateOf, type Source, type SourceMessage } from './source-message.ts';

interface Folder {
  readonly path: string;
  readonly mailbox: string;
  readonly files: readonly string[];
}

/** Larger files are never in memory as a whole. */
const wholeBytes = 1024 * 1024;
/** Levels of folders that are looked into. */
const maxDepth = 12;

/**
 * A Maildir with its Maildir++ subfolders (`.Sent.2020`), with folders inside it (Dovecot's LAYOUT=fs), or a folder of Maildirs, one inside
 * another, as mbsync (Verbatim: `Work/2020`, Legacy: `Work/.2020`) and getmail make them.
 */
export async function maildirSource(
  root: string,
  target: string | undefined,
  limit: number,
): Promise<Source | undefined> {
  const inTarget = (mailbox: string) => (target === undefined ? mailbox : below(target, mailbox));
  const folders: Folder[] = [];
  for (const found of await foldersOf(root))
    folders.push(await openFolder(resolve(root, found.path), inTarget(found.mailbox)));
  if (folders.length === 0) return undefined;
  let done = 0;
  async function* messages(): AsyncGenerator<SourceMessage> {
    for (const folder of folders)
      for await (const message of folderMessages(root, folder, limit)) {
        done++;
        yield message;
      }
  }
  return {
    mailboxes: folders.map(({ mailbox }) => mailbox),
    total: folders.reduce((sum, { files }) => sum + files.length, 0),
    done: () => done,
    messages: messages(),
  };
}

interface FoundFolder {
  /** Relative to the root. */
  readonly path: string;
  readonly mailbox: string;
}

async function foldersOf(root: string): Promise<FoundFolder[]> {
  if (!(await isMaildir(root))) return nestedFolders(root, '', 0);
  const found: FoundFolder[] = [{ path: '', mailbox: 'INBOX' }];
  for (const path of await foldersIn(root))
    if (path.startsWith('.') && (await isMaildir(join(root, path))))
      found.push({ path, mailbox: mailboxOfMaildirFolder(path) });
  return [...found, ...(await nestedFolders(root, '', 0))];
}

/** Each level a folder. Below the first, one dot before a name is no part of it; at the first, such folders are Maildir++'s or none of mail. */
async function nestedFolders(root: string, above: string, depth: number): Promise<FoundFolder[]> {
  if (depth > maxDepth) return [];
  const found: FoundFolder[] = [];
  for (const name of await foldersIn(join(root, above))) {
    if (['cur', 'new', 'tmp'].includes(name) || (depth === 0 && name.startsWith('.'))) continue;
    const path = depth === 0 ? name : `${above}/${name}`;
    if (await isMaildir(join(root, path)))
      found.push({ path, mailbox: mailboxOfPath(path.replaceAll('/.', '/')) });
    found.push(...(await nestedFolders(root, path, depth + 1)));
  }
  return found;
}

const foldersIn = async (path: string): Promise<string[]> =>
  (await readdir(path, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

const isMaildir = async (path: string): Promise<boolean> =>
  (await kindOf(join(path, 'cur'))) === 'folder' || (await kindOf(join(path, 'new'))) === 'folder';

/** Links are not followed, see `openRegular`. */
const kindOf = (path: string): Promise<'folder' | 'link' | 'other' | undefined> =>
  lstat(path).then(
    (found) => (found.isDirectory() ? 'folder' : found.isSymbolicLink() ? 'link' : 'other'),
    () => undefined,
  );

const namesIn = async (path: string): Promise<string[]> =>
  (await kindOf(path)) === 'folder' ? readdir(path) : [];

/** Relative to the folder, as all files here. A link is listed itself, to be told as what cannot be read. */
async function filesIn(folder: string, place: string): Promise<string[]> {
  if ((await kindOf(join(folder, place))) === 'link') return [place];
  const names = await namesIn(join(folder, place));
  return names.filter((name) => !name.startsWith('.')).map((name) => `${place}/${name}`);
}

const baseOf = (file: string): string => splitFileName(file.slice(file.indexOf('/') + 1)).base;

const textOf = async (path: string): Promise<string> => {
  try {
    const { file } = await openRegular(path);
    return await file.readFile('utf8').finally(() => file.close());
  } catch {
    return '';
  }
};

/** In the order of UIDs where an export of ours or Dovecot kept them, else by the time that file names begin with. */
async function openFolder(path: string, mailbox: string): Promise<Folder> {
  // In this order: what a mail program moves from one to the other meanwhile is in both lists, not in neither.
  const fresh = await filesIn(path, 'new');
  const seen = await filesIn(path, 'cur');
  const known = new Set(seen.map(baseOf));
  const files = [...seen];
  // In both: moved, or two files that are called alike.
  for (const file of fresh)
    if (!known.has(baseOf(file)) || (await kindOf(join(path, file)))) files.push(file);
  const uids = parseUidList(await textOf(join(path, 'dovecot-uidlist')));
  const order = new Map(
    files.map((file) => {
      const base = baseOf(file);
      return [
        file,
        { base, uid: uids.get(base) ?? exportedUid(base), time: Number.parseInt(base, 10) },
      ] as const;
    }),
  );
  files.sort((a, b) => {
    const [x, y] = [order.get(a)!, order.get(b)!];
    if (x.uid !== y.uid) return (x.uid ?? Number.MAX_VALUE) - (y.uid ?? Number.MAX_VALUE);
    return x.time - y.time || (x.base < y.base ? -1 : x.base > y.base ? 1 : 0);
  });
  return { path, mailbox, files };
}

async function* folderMessages(
  root: string,
  { path, mailbox, files }: Folder,
  limit: number,
): AsyncGenerator<SourceMessage> {
  const keywords = parseKeywords(await textOf(join(path, 'dovecot-keywords')));
  const extra = parseExtraFlags(await textOf(join(path, extraFlagsFile)));
  for (const listed of files) {
    const base = baseOf(listed);
    const place = relative(root, join(path, base));
    let file = listed;
    try {
      let found = await readMessage(join(path, file), limit);
      if (found === 'gone') {
        // A mail program gave the file other flags, and with them another name.
        file = (await findAgain(path, base)) ?? file;
        found = await readMessage(join(path, file), limit);
      }
      if (found === 'gone') {
        yield {
          place,
          mailbox,
          content: { failure: 'the file is gone' },
          flags: [],
          internalDate: undefined,
        };
        continue;
      }
      yield {
        place,
        mailbox,
        ...found,
        flags: flagsOfInfo(splitFileName(file).info, keywords, extra.get(base)),
      };
    } catch (cause) {
      yield {
        place,
        mailbox,
        content: { failure: describeCause(cause) },
        flags: [],
        internalDate: undefined,
      };
    }
  }
}

async function readMessage(
  path: string,
  limit: number,
): Promise<Pick<SourceMessage, 'content' | 'internalDate'> | 'gone'> {
  try {
    const { file, stats } = await openRegular(path);
    try {
      const { mtimeMs, size } = stats;
      const internalDate = internalDateOf(mtimeMs);
      if (size > limit) return { content: { failure: `larger than ${printSize(limit)}` }, internalDate };
      if (size > wholeBytes) return { content: { read: () => chunksOf(path) }, internalDate };
      return { content: { bytes: await file.readFile() }, internalDate };
    } finally {
      await file.close();
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    throw cause;
  }
}

async function* chunksOf(path: string): AsyncGenerator<Uint8Array> {
  const { file } = await openRegular(path);
  yield* file.createReadStream();
}

async function findAgain(path: string, base: string): Promise<string | undefined> {
  for (const place of ['new', 'cur'])
    for (const name of await namesIn(join(path, place)))
      if (splitFileName(name).base === base) return `${place}/${name}`;
  return undefined;
}
