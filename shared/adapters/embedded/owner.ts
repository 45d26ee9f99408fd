import { type FileHandle, mkdir, open, stat } from 'node:fs/promises';

/** Whom files of a data folder belong to. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Who is to have what this process makes beside `path`: where root works on a folder that is somebody's, such as a command beside a server that
 * runs as a user of its own, they, or the server could not open it. Undefined where it stays this process's.
 */
export async function ownerOf(path: string): Promise<Owner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = await stat(path);
  return uid === 0 ? undefined : { uid, gid };
}

/** As SQLite does with its companions: where it cannot be, such as for a user that a container does not know, nothing fails. */
export async function giveTo(owner: Owner | undefined, file: FileHandle): Promise<void> {
  if (owner) await file.chown(owner.uid, owner.gid).catch(() => {});
}

/** A private folder, made where it is missing beneath one that is there. */
export async function makeFolder(path: string, owner: Owner | undefined): Promise<void> {
  if ((await mkdir(path, { recursive: true, mode: 0o700 })) === undefined) return;
  const folder = await open(path, 'r');
  try {
    await giveTo(owner, folder);
  } finally {
    await folder.close();
  }
}
