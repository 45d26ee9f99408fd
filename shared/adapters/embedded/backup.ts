import { randomBytes } from 'node:crypto';
import { constants, existsSync, type Stats } from 'node:fs';
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { syncFolder } from './blob-files.ts';
import { openForReading } from './schema.ts';
import { primaryCode, sqliteBusy } from './sqlite-codes.ts';

export interface BackupReport {
  /** Files copied by this run, with their bytes; those of an earlier backup at the same place are not copied again. */
  readonly copied: { readonly files: number; readonly bytes: number };
  /** All files of the backup besides the database, and the size of that. */
  readonly files: number;
  readonly databaseBytes: number;
}

/** A file that the database names was deleted while it was copied: the backup that was there before is still whole. */
export class BackupIncomplete extends Error {}

/** What is at the place is no backup that could be brought up to date: it is the data folder, or a process works on it. */
export class BackupRefused extends Error {}

/**
 * Copies a data folder, while servers work on it, to another folder: the database as it is at one moment, and every file that it
 * names. Objects in files never change, so those are copied first, and after the database what it names beyond them: a file
 * that is deleted in between is copied already. A backup that is there is brought up to date; cut off, it is still the one before.
 */
export async function backUp(folder: string, to: string, busyTimeoutMs = 10_000): Promise<BackupReport> {
  await refuseItself(folder, to);
  refuseInUse(join(to, 'restante.db'));
  const blobs = join(to, 'blobs');
  await mkdir(blobs, { recursive: true, mode: 0o700 });
  // Of a run that was cut off: each is as large as the database. Another run may be at work on a young one.
  for (const name of await namesIn(to))
    if (draftName.test(name) && (await isLeftOver(join(to, name)))) await rm(join(to, name), { force: true });
  const copier = new Copier();
  const from = join(folder, 'blobs');
  for (const name of await filesIn(from)) await copier.copy(placeOf(from, name), placeOf(blobs, name), name);

  const draft = join(to, `restante.db.${randomBytes(6).toString('hex')}.tmp`);
  const database = join(to, 'restante.db');
  try {
    // Made before SQLite would make it, so that nobody else can read it at any time.
    await (await open(draft, 'wx', 0o600)).close();
    const source = openForReading(join(folder, 'restante.db'), busyTimeoutMs);
    try {
      source.prepare('VACUUM INTO ?').run(draft);
    } finally {
      source.close();
    }
    const named = namedFiles(draft);
    for (const name of named) {
      if (await copier.copy(placeOf(from, name), placeOf(blobs, name), name)) continue;
      throw new BackupIncomplete('an object was deleted while it was copied: run the backup again');
    }
    const tls = join(folder, 'tls');
    for (const name of await filesBeneath(tls))
      if (!isDraft(name)) await copier.replace(join(tls, name), join(to, 'tls', name));
    await copier.sync();
    const file = await open(draft, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    refuseInUse(database);
    for (const companion of ['-wal', '-shm']) await rm(`${database}${companion}`, { force: true });
    await rename(draft, database);
    await syncFolder(to);
    for (const name of await filesBeneath(blobs))
      if (objectPath.test(name) && !named.has(basename(name))) await rm(join(blobs, name), { force: true });
    return { copied: copier.copied, files: named.size, databaseBytes: (await stat(database)).size };
  } finally {
    await rm(draft, { force: true });
  }
}

/** The same folder may have two names, by a link or a mount. Replacing its database would lose what was acknowledged since. */
async function refuseItself(folder: string, to: string): Promise<void> {
  for (const name of ['', 'restante.db', 'blobs']) {
    const [ours, theirs] = await Promise.all([statOf(join(folder, name)), statOf(join(to, name))]);
    if (ours && theirs && ours.dev === theirs.dev && ours.ino === theirs.ino)
      throw new BackupRefused('it is the data folder itself');
  }
}

/** Whoever has the backup open, such as a server that was started on it, would go on with a database that has no name any more. */
function refuseInUse(database: string): void {
  if (!existsSync(database)) return;
  const db = new DatabaseSync(database, { timeout: 0 });
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    // What cannot be read is replaced.
    if (primaryCode(cause) === sqliteBusy) throw new BackupRefused('another process has it open');
  } finally {
    db.close();
  }
}

/** Finished objects and those that a copy was cut off at; nothing else is the backup's to delete. */
const objectPath = /^[0-9a-f]{2}\/[0-9a-f]{40}(\.tmp)?$/;
const draftName = /^restante\.db\.[0-9a-f]{12}\.tmp$/;
const leftOverMs = 24 * 3600_000;

const isLeftOver = async (path: string): Promise<boolean> =>
  Date.now() - ((await statOf(path))?.mtimeMs ?? Number.POSITIVE_INFINITY) > leftOverMs;

const isDraft = (name: string): boolean => name.endsWith('.tmp');

const placeOf = (folder: string, name: string): string => join(folder, name.slice(0, 2), name);

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(noneIfMissing);
}

function noneIfMissing(cause: NodeJS.ErrnoException): never[] {
  if (cause.code === 'ENOENT') return [];
  throw cause;
}

/** Files at any depth, by their paths within the folder. */
async function filesBeneath(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(noneIfMissing);
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** Names of finished objects. */
async function filesIn(blobs: string): Promise<string[]> {
  const folders = (await namesIn(blobs)).filter((name) => /^[0-9a-f]{2}$/.test(name));
  const names = [];
  for (const folder of folders) names.push(...(await namesIn(join(blobs, folder))));
  return names.filter((name) => /^[0-9a-f]{40}$/.test(name));
}

function namedFiles(database: string): Set<string> {
  const db = new DatabaseSync(database, { readOnly: true });
  try {
    const rows = db.prepare('SELECT file FROM blobs WHERE file IS NOT NULL').all();
    return new Set(rows.map(({ file }) => file as string));
  } finally {
    db.close();
  }
}

/** Copies immutable files once, whole or not at all, and makes them safe. */
class Copier {
  readonly copied = { files: 0, bytes: 0 };
  readonly #known = new Set<string>();
  readonly #folders = new Set<string>();

  /** False where there is nothing to copy, there or here. */
  async copy(from: string, to: string, name: string): Promise<boolean> {
    if (this.#known.has(name)) return true;
    const size = (await statOf(from))?.size;
    const there = (await statOf(to))?.size;
    // Under one name there are the same bytes always: a copy of an earlier run, even where the original is gone.
    if (there === undefined || (size !== undefined && size !== there)) {
      if (size === undefined) return false;
      if (!(await this.replace(from, to))) return false;
      this.copied.files++;
      this.copied.bytes += size;
    }
    this.#known.add(name);
    return true;
  }

  /** False where it is gone. */
  async replace(from: string, to: string): Promise<boolean> {
    const folder = join(to, '..');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    this.#folders.add(folder).add(join(folder, '..'));
    const draft = `${to}.tmp`;
    try {
      await copyFile(from, draft, constants.COPYFILE_FICLONE);
      const file = await open(draft, 'r');
      try {
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, to);
      return true;
    } catch (cause) {
      await rm(draft, { force: true });
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw cause;
    }
  }

  /** New names are safe when their folders are synced. */
  async sync(): Promise<void> {
    for (const folder of this.#folders) await syncFolder(folder);
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}
