import { DatabaseSync } from 'node:sqlite';
import { EmbeddedAccountLog } from '../../shared/adapters/embedded/account-log.ts';
import type { BlobFiles } from '../../shared/adapters/embedded/blob-files.ts';
import { EmbeddedBlobStore } from '../../shared/adapters/embedded/blob-store.ts';
import { createTables } from '../../shared/adapters/embedded/schema.ts';
import { Staging } from '../../shared/adapters/embedded/staging.ts';
import { blobWrites } from '../../shared/adapters/embedded/write-blobs.ts';
import { logWrites } from '../../shared/adapters/embedded/write-log.ts';
import type { AppendAnswer, StagedBlob } from '../../shared/adapters/embedded/write-operations.ts';
import { OutcomeUnknown, type Writer } from '../../shared/adapters/embedded/writer.ts';
import { accountPrefix, type BlobKey } from '../../shared/ids.ts';
import type { Head } from '../../shared/ports/account-log.ts';
import type { Network, Sender } from './network.ts';
import { headPosition, noteChange, type Store, type StoreGround } from './store.ts';

/** What of an operation's argument is looked at here; some have other ones. */
interface Given {
  readonly account: string;
  readonly position: number;
  readonly carried?: readonly StagedBlob[];
}

/**
 * The adapters for SQLite over a database in memory. The writer's thread is left out: what it would do in a transaction happens as one
 * event of its process, which may be lost, or done and not answered. What processes hold and have not recorded dies with them.
 */
export function embeddedStore({ network, plant, watch }: StoreGround): Store {
  const db = new DatabaseSync(':memory:');
  createTables(db);
  const blobs = blobWrites(db);
  const right = { ...blobs, ...logWrites(db, blobs) };
  const operations = plant?.writes?.(right, db) ?? right;
  const changed = new Map<string, Set<number>>();
  const ever = new Map<string, Uint8Array>();
  const stored = db.prepare('SELECT bytes FROM blobs WHERE key = ?');
  const object = (key: string): Uint8Array | undefined => {
    const row = stored.get(key);
    return row && ((row.bytes as Uint8Array | null) ?? new Uint8Array());
  };
  const put = (carried: readonly StagedBlob[]): void => {
    for (const { key, bytes = new Uint8Array() } of carried) {
      const before = object(key);
      if (before !== undefined && Buffer.compare(before, bytes) !== 0) watch.overwritten(key);
      ever.set(key, bytes);
    }
  };
  const positions = db.prepare('SELECT position FROM entries WHERE account = ?');
  const positionsOf = (account: string): number[] =>
    positions.all(account).map(({ position }) => position as number);
  const note = (
    operation: string,
    { account, position }: Given,
    value: unknown,
    before: readonly number[],
  ) => {
    if (operation === 'append' && (value as AppendAnswer).kind === 'done')
      noteChange(changed, account, position);
    if (operation === 'moveHead') noteChange(changed, account, headPosition);
    if (operation !== 'trim') return;
    const left = new Set(positionsOf(account));
    for (const one of before) if (!left.has(one)) noteChange(changed, account, one);
  };
  const run = (operation: string, argument: unknown): unknown => {
    const given = argument as Given;
    if (operation === 'append') put(given.carried ?? []);
    if (operation === 'storeBlobs') put(argument as readonly StagedBlob[]);
    const deleted = operation === 'deleteBlobs' ? (argument as readonly BlobKey[]).filter(object) : [];
    const before = operation === 'trim' ? positionsOf(given.account) : [];
    db.exec('BEGIN IMMEDIATE');
    try {
      const value = (operations as Record<string, (argument: never) => unknown>)[operation]!(
        argument as never,
      );
      db.exec('COMMIT');
      note(operation, given, value, before);
      for (const key of deleted) watch.deleted(key);
      return value;
    } catch (cause) {
      db.exec('ROLLBACK');
      throw cause;
    }
  };
  const headOf = db.prepare('SELECT position, manifest FROM heads WHERE account = ?');
  const entriesOf = db.prepare('SELECT count(*) AS n FROM entries WHERE account = ?');
  const blobsOf = db.prepare('SELECT count(*) AS n FROM blobs WHERE key >= ? AND key < ?');
  const removeEntry = db.prepare('DELETE FROM entries WHERE account = ? AND position = ?');
  const entryOf = db.prepare('SELECT bytes FROM entries WHERE account = ? AND position = ?');
  return {
    changed,
    portsOf: (node) => {
      const writer = { send: send(network, node, run) } as unknown as Writer;
      const staging = new Staging(writer);
      // Nothing here is large enough for a file.
      const files = { delete: async () => undefined } as unknown as BlobFiles;
      return {
        log: new EmbeddedAccountLog(db, writer, staging, () => node.now()),
        blobs: new EmbeddedBlobStore(db, writer, staging, files),
      };
    },
    entry: (account, position) => entryOf.get(account, position)?.bytes as Uint8Array | undefined,
    object,
    ever: (key) => ever.get(key),
    head: (account) => headOf.get(account) as Head | undefined,
    isEmpty: (account) => {
      const prefix = accountPrefix(account);
      return entriesOf.get(account)?.n === 0 && blobsOf.get(prefix, `${prefix}\u{10ffff}`)?.n === 0;
    },
    deleteEntry: (account, position) => {
      removeEntry.run(account, position);
    },
    recovery: undefined,
    close: () => db.close(),
  };
}

/** The way to a process's writer: nothing comes late, for the transaction ends or the process does. */
function send(network: Network, node: Sender, run: (operation: string, argument: unknown) => unknown) {
  const { scheduler, random, faults } = network;
  return (operation: string, argument: unknown): Promise<unknown> => {
    const sent: unknown = structuredClone(argument);
    const fault = faults.ofRequest();
    network.trace(`${node.name} writes: ${operation}${fault === undefined ? '' : ` (${fault})`}`);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const answer = (settle: () => void) => scheduler.after(0.1, settle, node);
    const lost = () => reject(new OutcomeUnknown(new Error('the disk did not answer')));
    const transaction = () => {
      if (fault === 'refused' || fault === 'lostRequest' || fault === 'lateEffect') return answer(lost);
      try {
        const value = run(operation, sent);
        answer(fault === 'lostAnswer' ? lost : () => resolve(value));
      } catch (cause) {
        answer(() => reject(cause));
      }
      return undefined;
    };
    scheduler.after(fault === 'slow' ? random.spread(20, 5_000) : random.spread(0.2, 8), transaction, node);
    return promise;
  };
}
