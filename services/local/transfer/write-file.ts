import { open, rename, rm } from 'node:fs/promises';

/**
 * Writes a file under another name, brings it to the disk, and only then gives it its own: whoever sees the file sees all of it. What
 * the content throws is thrown on, and nothing stays.
 */
export async function writeWhole(
  path: string,
  temporary: string,
  content: AsyncIterable<Uint8Array>,
  modifiedAt?: number,
): Promise<void> {
  // 'wx' also refuses to follow a link that somebody put there.
  const file = await open(temporary, 'wx', 0o600);
  try {
    try {
      for await (const chunk of content) await file.writeFile(chunk);
      if (modifiedAt !== undefined) await file.utimes(modifiedAt, modifiedAt);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw cause;
  }
}
