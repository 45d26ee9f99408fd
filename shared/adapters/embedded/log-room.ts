import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

/** The file gets as large as the log ever is between two checkpoints, as a rule. */
const enough = 32 * 1024 * 1024;
/** Added at once: a millisecond or two, in which others wait. */
const piece = Buffer.alloc(1024 * 1024);

/**
 * Makes the file of SQLite's write-ahead log larger than what is in it. A sync of a file that has grown writes the file system's journal
 * too, and takes more than twice as long as one of blocks that are there already; after a checkpoint SQLite begins at the front again.
 *
 * What is added are zeros behind the end, while this connection has the right to write, so that nobody else's frames are there. SQLite's
 * checksums tell them from frames, as they tell what an earlier round has left.
 */
export class LogRoom {
  readonly #db: DatabaseSync;
  readonly #path: string;
  #file: number | undefined;
  #isEnough = false;

  constructor(db: DatabaseSync, databasePath: string) {
    this.#db = db;
    this.#path = `${databasePath}-wal`;
  }

  /** Another process may have cut the file with a checkpoint of its own: it is looked at again. */
  lookAgain(): void {
    this.#isEnough = false;
  }

  /** Adds a piece where there is not enough. It is a matter of speed: where it cannot be done, all is as it was. */
  extend(): void {
    if (this.#isEnough) return;
    try {
      this.#file ??= openSync(this.#path, 'r+');
      this.#db.exec('BEGIN IMMEDIATE');
      try {
        this.#addPiece(this.#file);
      } finally {
        this.#db.exec('ROLLBACK');
      }
    } catch {
      // Such as on a full disk; asked for again after the next checkpoint.
      this.#isEnough = true;
    }
  }

  #addPiece(file: number): void {
    const { size } = fstatSync(file);
    this.#isEnough = size + piece.length >= enough;
    if (size >= enough) return;
    try {
      for (let done = 0; done < piece.length; )
        done += writeSync(file, piece, done, piece.length - done, size + done);
      fdatasyncSync(file);
    } catch (cause) {
      ftruncateSync(file, size);
      throw cause;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
