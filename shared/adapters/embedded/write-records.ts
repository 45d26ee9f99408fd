import type { DatabaseSync } from 'node:sqlite';
import type { WriteOperations } from './write-operations.ts';

type RecordWrites = Pick<WriteOperations, 'addRecord' | 'putRecord' | 'removeRecord'>;

/** Administration's records, in the writer's thread. */
export function recordWrites(db: DatabaseSync): RecordWrites {
  const forget = db.prepare('DELETE FROM admin_records WHERE expires <= ?');
  const put = db.prepare(
    'INSERT INTO admin_records (kind, name, text, expires, tenant) VALUES (?, ?, ?, ?, ?)' +
      ' ON CONFLICT (kind, name) DO UPDATE SET text = excluded.text, expires = excluded.expires,' +
      ' tenant = excluded.tenant',
  );
  const find = db.prepare('SELECT text FROM admin_records WHERE kind = ? AND name = ?');
  const remove = db.prepare('DELETE FROM admin_records WHERE kind = ? AND name = ?');
  return {
    addRecord({ record: { kind, name, text, expires, tenant }, now }) {
      forget.run(now);
      const other = find.get(kind, name);
      if (other !== undefined) return other.text === text;
      put.run(kind, name, text, expires ?? null, tenant ?? null);
      return true;
    },
    putRecord({ record: { kind, name, text, expires, tenant }, now }) {
      forget.run(now);
      put.run(kind, name, text, expires ?? null, tenant ?? null);
    },
    removeRecord({ kind, name, now }) {
      forget.run(now);
      return remove.run(kind, name).changes === 1;
    },
  };
}
