import type { DatabaseSync } from 'node:sqlite';
import type { BlobWrites } from './write-blobs.ts';
import type { WriteOperations } from './write-operations.ts';

/** Entries deleted in one request, so that nobody waits long behind it. */
const deletedAtOnce = 1_000;

/** Entries and heads, in the writer's thread. */
export function logWrites(
  db: DatabaseSync,
  blobs: BlobWrites,
): Pick<WriteOperations, 'append' | 'moveHead' | 'trim' | 'drop'> {
  const last = db.prepare('SELECT max(position) AS position FROM entries WHERE account = ?');
  const occupant = db.prepare('SELECT bytes FROM entries WHERE account = ? AND position = ?');
  const insert = db.prepare('INSERT INTO entries (account, position, bytes) VALUES (?, ?, ?)');
  const headPosition = db.prepare('SELECT position FROM heads WHERE account = ?');
  const setHead = db.prepare(
    'INSERT INTO heads (account, position, manifest) VALUES (?, ?, ?)' +
      ' ON CONFLICT (account) DO UPDATE SET position = excluded.position, manifest = excluded.manifest',
  );
  const removeThrough = db.prepare(
    'DELETE FROM entries WHERE id IN' +
      ` (SELECT id FROM entries WHERE account = ? AND position <= ? ORDER BY position LIMIT ${deletedAtOnce})`,
  );
  const removeHead = db.prepare('DELETE FROM heads WHERE account = ?');
  const markDropped = db.prepare('UPDATE removed_accounts SET dropped = 1 WHERE id = ?');

  const lastEntry = (account: string): number => Number(last.get(account)?.position ?? 0);
  const head = (account: string): number => Number(headPosition.get(account)?.position ?? 0);
  const removeUpTo = (account: string, position: number): boolean =>
    removeThrough.run(account, position).changes === deletedAtOnce;

  return {
    append({ account, position, bytes, carried, named }) {
      const used = Math.max(lastEntry(account), head(account));
      if (position <= used) {
        const row = occupant.get(account, position);
        return { kind: 'taken', occupant: row && ((row.bytes as Uint8Array | null) ?? new Uint8Array()) };
      }
      if (position !== used + 1) return { kind: 'gap', last: used };
      const missing = named.find((key) => !blobs.isStored(key));
      if (missing !== undefined) return { kind: 'noBlob', key: missing };
      blobs.storeBlobs(carried);
      insert.run(account, position, bytes);
      return { kind: 'done' };
    },
    moveHead({ account, move: { position, manifest, last: from } }) {
      if (head(account) >= position) return false;
      const used = Math.max(lastEntry(account), head(account));
      if (position > used) {
        if (from === undefined) throw new RangeError(`nothing leads to a head of ${account} at ${position}`);
        if (from !== used) return false;
      }
      if (!blobs.isStored(manifest)) return 'noManifest';
      setHead.run(account, position, manifest);
      return true;
    },
    trim: ({ account, upTo }) => removeUpTo(account, Math.min(upTo, head(account), lastEntry(account) - 1)),
    drop(account) {
      if (removeUpTo(account, Number.MAX_SAFE_INTEGER)) return true;
      removeHead.run(account);
      markDropped.run(account);
      return false;
    },
  };
}
