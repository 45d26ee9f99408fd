import assert from 'node:assert/strict';
import { cp, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { LogRoom } from '../../shared/adapters/embedded/log-room.ts';
import { openForWriting } from '../../shared/adapters/embedded/schema.ts';
import { type AccountId, type LogPosition, newAccountId, systemEntropy } from '../../shared/ids.ts';
import { testFolder } from './embedded-folder.ts';

const mebibyte = 1024 * 1024;
const logSize = async (folder: string): Promise<number> => (await stat(join(folder, 'restante.db-wal'))).size;

/** Appends entries of a kilobyte from a position on, one commit each. */
async function load(
  store: Awaited<ReturnType<Awaited<ReturnType<typeof testFolder>>['open']>>,
  account: AccountId,
  from: number,
  count: number,
) {
  for (let position = from; position < from + count; position++)
    await store.log.append({
      account,
      position: position as LogPosition,
      bytes: new Uint8Array(1024).fill(position),
      blobs: [],
      readAt: Date.now(),
    });
}

test('a server that writes finds room in the log that is there already, and a crash loses nothing by it', async (t) => {
  const { folder, open } = await testFolder(t);
  const store = await open();
  const account = newAccountId(systemEntropy);
  await load(store, account, 1, 4);
  assert.ok((await logSize(folder)) < mebibyte, 'who writes little needs no room');
  await load(store, account, 5, 56);
  const size = await logSize(folder);
  assert.ok(size >= 32 * mebibyte && size <= 34 * mebibyte, `${size}`);
  await load(store, account, 61, 10);
  assert.equal(await logSize(folder), size, 'the room is used, not added to');
  // The folder as a crash leaves it: nothing closed, zeros behind what was written.
  const crashed = await testFolder(t);
  for (const name of ['restante.db', 'restante.db-wal'])
    await cp(join(folder, name), join(crashed.folder, name));
  const after = await crashed.open();
  const { entries } = await after.log.read(account, 0 as LogPosition);
  assert.deepEqual(
    entries.map(({ position, bytes }) => [position, bytes[0]]),
    Array.from({ length: 70 }, (_, i) => [i + 1, i + 1]),
  );
  await load(after, account, 71, 1);
});

test('room is made behind what another process has written, and while nobody can write', async (t) => {
  const { folder, open } = await testFolder(t);
  await (await open()).close();
  const path = join(folder, 'restante.db');
  const one = openForWriting(path, 100);
  const other = openForWriting(path, 100);
  t.after(() => {
    one.close();
    other.close();
  });
  const room = new LogRoom(one, path);
  const note = (db: DatabaseSync, name: string) =>
    db.prepare("INSERT INTO tenants (id, name, created_at) VALUES (?, '', 0)").run(name);
  note(other, 'before');
  other.exec('BEGIN IMMEDIATE');
  const before = await logSize(folder);
  room.extend();
  assert.equal(await logSize(folder), before, 'somebody else was writing');
  note(other, 'meanwhile');
  other.exec('COMMIT');
  room.lookAgain();
  for (let times = 0; times < 40; times++) {
    room.extend();
    note(other, `after ${times}`);
  }
  assert.ok((await logSize(folder)) >= 32 * mebibyte);
  room.close();
  const reader = new DatabaseSync(path, { readOnly: true });
  assert.equal(reader.prepare('SELECT count(*) AS count FROM tenants').get()?.count, 42);
  assert.equal(reader.prepare('PRAGMA integrity_check').get()?.integrity_check, 'ok');
  reader.close();
});
