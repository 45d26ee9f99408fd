import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages } from '../../shared/engine/actions.ts';
import { messageKey } from '../../shared/ids.ts';
import { localEngine } from '../support/local-engine.ts';
import { assertReadable, deliver, subjects } from '../support/mail.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { accountFolder } from './account-folder.ts';

async function large(account: Account, n: number) {
  const staged = await account.stage(Buffer.from(`Subject: large ${n}\r\n\r\n${'x'.repeat(200_000)}`));
  assert.ok(staged.ok);
  const request = { message: staged.value, flags: [], internalDate: 1 };
  assert.ok((await account.commit(appendMessages('INBOX', [request]))).ok);
  return messageKey(account.id, staged.value.emailId);
}

async function server() {
  const here = await accountFolder();
  return { ...here, account: here.anna, to: join(temporaryFolder(), 'backup') };
}

const filesIn = (folder: string) =>
  readdirSync(join(folder, 'blobs'), { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );

test('a backup under load is a whole installation, and in order', async () => {
  const { account, run, to } = await server();
  let ended = false;
  let sent = 0;
  const load = (async () => {
    while (!ended) {
      await deliver(account, ++sent);
      if (sent % 5 === 0) await large(account, sent);
      if (sent % 20 === 0) await account.compact();
    }
  })();
  while (sent < 30) await new Promise((resolve) => setImmediate(resolve));
  const before = account.state.usage.messages;
  const { code, stdout, stderr } = await run('backup', to);
  ended = true;
  await load;
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^backed up: a database of .* and \d+ files, of which \d+ \(.*\) were copied now/);
  const verified = await runCommand(to, ['verify', '--deep']);
  assert.equal(verified.code, 0, verified.stdout);
  const copy = await localEngine({}, to);
  const restored = await copy.account(account.id);
  assert.ok(restored.state.usage.messages >= before);
  await assertReadable(restored, copy.store.blobs);
  assert.equal(statSync(join(to, 'restante.db')).mode & 0o777, 0o600);
});

test('a second backup copies what is new and drops what is gone', async () => {
  const { account, run, to, folder, store } = await server();
  const first = await large(account, 1);
  await run('backup', to);
  assert.equal(filesIn(to).length, 1);
  const { mtimeMs } = statSync(join(filesIn(to)[0]!.parentPath, filesIn(to)[0]!.name));
  await large(account, 2);
  assert.match((await run('backup', to)).stdout, /2 files, of which 1 /);
  assert.equal(filesIn(to).length, 2);
  assert.ok(filesIn(to).some((file) => statSync(join(file.parentPath, file.name)).mtimeMs === mtimeMs));
  await store.blobs.delete([first]);
  await run('backup', to);
  assert.equal(filesIn(to).length, 1);
  assert.equal(filesIn(folder).length, 1);
  const copy = await (await localEngine({}, to)).account(account.id);
  assert.deepEqual(await subjects(copy, 'INBOX'), ['large 1', 'large 2']);
});

test('a copy that was cut off is not taken for whole', async () => {
  const { account, run, to } = await server();
  await large(account, 1);
  await run('backup', to);
  const [file] = filesIn(to);
  const path = join(file!.parentPath, file!.name);
  const whole = readFileSync(path);
  await writeFile(path, whole.subarray(0, 1000));
  await run('backup', to);
  assert.ok(readFileSync(path).equals(whole));
});

test('nobody else can read the copy of the database, also while it is being made', async () => {
  const { run, to } = await server();
  await mkdir(to);
  const modes = new Set<number | undefined>();
  let ended = false;
  const ending = run('backup', to).finally(() => {
    ended = true;
  });
  while (!ended) {
    for (const name of readdirSync(to).filter((entry) => entry.startsWith('restante.db')))
      modes.add(statSync(join(to, name), { throwIfNoEntry: false })?.mode);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal((await ending).code, 0);
  modes.delete(undefined);
  assert.deepEqual([...modes], [0o100600]);
});

test('what a backup that was cut off left is deleted by one a day later, and nothing else that is there', async () => {
  const { account, run, to } = await server();
  await large(account, 1);
  await run('backup', to);
  const [object] = filesIn(to);
  const draft = join(to, 'restante.db.0123456789ab.tmp');
  await writeFile(draft, 'half');
  await writeFile(join(object!.parentPath, `${'0'.repeat(40)}.tmp`), 'half');
  await writeFile(join(to, 'blobs', 'of somebody else'), '');
  // Another run may be at work on it.
  assert.equal((await run('backup', to)).code, 0);
  assert.deepEqual(readdirSync(to).sort(), ['blobs', 'restante.db', basename(draft)]);
  assert.deepEqual(
    filesIn(to)
      .map(({ name }) => name)
      .sort(),
    ['of somebody else', object!.name].sort(),
  );
  const dayBefore = new Date(Date.now() - 25 * 3600_000);
  utimesSync(draft, dayBefore, dayBefore);
  assert.equal((await run('backup', to)).code, 0);
  assert.deepEqual(readdirSync(to).sort(), ['blobs', 'restante.db']);
});

test('certificates are in it, those in folders of their own too, but no drafts', async () => {
  const { run, to, folder } = await server();
  await mkdir(join(folder, 'tls', 'acme'), { recursive: true });
  await writeFile(join(folder, 'tls', 'ca.crt'), 'authority');
  await writeFile(join(folder, 'tls', 'acme', 'server.key'), 'key', { mode: 0o600 });
  await writeFile(join(folder, 'tls', 'acme', 'server.crt.0123.tmp'), 'half a cer');
  assert.equal((await run('backup', to)).code, 0);
  assert.deepEqual(readdirSync(join(to, 'tls'), { recursive: true }).sort(), [
    'acme',
    'acme/server.key',
    'ca.crt',
  ]);
  assert.equal(statSync(join(to, 'tls', 'acme', 'server.key')).mode & 0o777, 0o600);
});

test('a backup onto the data folder itself is refused, by whatever name, and nothing is made', async () => {
  const { run, folder } = await server();
  const link = join(temporaryFolder(), 'link');
  await symlink(folder, link);
  const before = readdirSync(folder).sort();
  for (const path of [folder, link]) {
    const { code, stderr } = await run('backup', path);
    assert.equal(code, 1);
    assert.match(stderr, /cannot back up to .*: it is the data folder itself/);
  }
  assert.deepEqual(readdirSync(folder).sort(), before);
});

test('a folder of its own that shares the objects of the data folder is refused', async () => {
  const { account, run, folder, to } = await server();
  await large(account, 1);
  await mkdir(to);
  await symlink(join(folder, 'blobs'), join(to, 'blobs'));
  assert.equal((await run('backup', to)).code, 1);
  assert.deepEqual(readdirSync(to), ['blobs']);
});

test('a backup that a server was started on is left alone until that has ended', async () => {
  const { account, run, to } = await server();
  await run('backup', to);
  const { ino } = statSync(join(to, 'restante.db'));
  const { store } = await localEngine({}, to);
  await deliver(account, 1);
  const { code, stderr } = await run('backup', to);
  assert.equal(code, 1);
  assert.match(stderr, /cannot back up to .*: another process has it open/);
  assert.equal(statSync(join(to, 'restante.db')).ino, ino);
  await store.close();
  assert.equal((await run('backup', to)).code, 0);
});
