import type { DatabaseSync } from 'node:sqlite';
import { primaryCode, sqliteFull } from './sqlite-codes.ts';
import type { WriteAnswer, WriteOperations, WriteRequest } from './write-operations.ts';

/** What no later attempt of a process can mend: the file may not be written, the device fails, or the file is no database. */
const fatalCodes: ReadonlySet<number | undefined> = new Set([8, 10, 11, 26]);

/**
 * What may be lost in a power failure: whoever held a lease is gone then too. A crash of the process alone loses nothing of it, and
 * what is written after it is synced together with it.
 */
const unsynced: ReadonlySet<keyof WriteOperations> = new Set(['acquireLease', 'renewLease', 'releaseLease']);

/** Runs a batch (see `runTogether`), synced unless there is nothing in it that must last. */
export function runBatch(
  db: DatabaseSync,
  operations: WriteOperations,
  batch: readonly WriteRequest[],
): WriteAnswer[] {
  if (batch.some(({ operation }) => !unsynced.has(operation))) return runTogether(db, operations, batch);
  db.exec('PRAGMA synchronous = NORMAL');
  try {
    return runTogether(db, operations, batch);
  } finally {
    db.exec('PRAGMA synchronous = FULL');
  }
}

/** One transaction for all of them. One that throws would leave half its work behind: then each has a transaction of its own. */
function runTogether(
  db: DatabaseSync,
  operations: WriteOperations,
  batch: readonly WriteRequest[],
): WriteAnswer[] {
  const all = (kind: 'lost' | 'failed', cause: unknown): WriteAnswer[] =>
    batch.map(({ id }) => ({ id, kind, cause }));
  try {
    db.exec('BEGIN IMMEDIATE');
  } catch (cause) {
    return all('lost', cause);
  }
  const answers: WriteAnswer[] = [];
  for (const { id, operation, argument } of batch) {
    try {
      const value = (operations[operation] as (argument: unknown) => unknown)(argument);
      answers.push({ id, kind: 'done', value });
    } catch (cause) {
      rollBack(db);
      if (batch.length === 1) return all('failed', cause);
      return batch.flatMap((request) => runTogether(db, operations, [request]));
    }
  }
  try {
    db.exec('COMMIT');
    return answers;
  } catch (cause) {
    rollBack(db);
    // A full disk did not take the last frame, without which the others are nothing: nobody need wait to learn that.
    return all(primaryCode(cause) === sqliteFull ? 'failed' : 'lost', cause);
  }
}

/** The failure after which a process must not write any more, if there is one: what it believes to be on the disk may not be there. */
export function fatalFailure(answers: readonly WriteAnswer[]): unknown {
  for (const answer of answers)
    if (answer.kind !== 'done' && fatalCodes.has(primaryCode(answer.cause))) return answer.cause;
  return undefined;
}

function rollBack(db: DatabaseSync): void {
  if (db.isTransaction) db.exec('ROLLBACK');
}
