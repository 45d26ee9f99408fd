import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * Opens a file that somebody handed in, to be read and closed by the caller. Nothing but a file: a link may lead to what is not theirs, to
 * open a pipe may take for ever, and a device may have no end.
 */
export async function openRegular(
  path: string,
): Promise<{ readonly file: FileHandle; readonly stats: Stats }> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((cause: NodeJS.ErrnoException) => {
    // ELOOP: a link. ENXIO: a socket.
    throw cause.code === 'ELOOP' || cause.code === 'ENXIO' ? new Error(notRegular) : cause;
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error(notRegular);
    return { file, stats };
  } catch (cause) {
    await file.close();
    throw cause;
  }
}

const notRegular = 'not a regular file';
