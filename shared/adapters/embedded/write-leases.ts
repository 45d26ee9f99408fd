import type { DatabaseSync } from 'node:sqlite';
import { isAbandoned } from './process-mark.ts';
import type { WriteOperations } from './write-operations.ts';

/** Leases, in the writer's thread. */
export function leaseWrites(
  db: DatabaseSync,
): Pick<WriteOperations, 'acquireLease' | 'renewLease' | 'releaseLease'> {
  const acquire = db.prepare(
    'INSERT INTO leases (name, holder, expires) VALUES ($name, $holder, $expires)' +
      ' ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires = excluded.expires' +
      ' WHERE holder = $holder OR holder = $abandoned OR expires <= $now',
  );
  const holderOf = db.prepare('SELECT holder FROM leases WHERE name = ?');
  const renew = db.prepare(
    'UPDATE leases SET expires = $expires WHERE name = $name AND holder = $holder AND expires > $now',
  );
  const release = db.prepare('DELETE FROM leases WHERE name = ? AND holder = ?');
  return {
    acquireLease({ lease: { name, holder }, now, ttlMs }) {
      const held = holderOf.get(name)?.holder;
      const abandoned = typeof held === 'string' && isAbandoned(held, holder) ? held : null;
      return acquire.run({ name, holder, abandoned, now, expires: now + ttlMs }).changes === 1;
    },
    renewLease: ({ lease: { name, holder }, now, ttlMs }) =>
      renew.run({ name, holder, now, expires: now + ttlMs }).changes === 1,
    releaseLease({ name, holder }) {
      release.run(name, holder);
    },
  };
}
