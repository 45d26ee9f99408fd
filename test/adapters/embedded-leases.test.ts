import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isAbandoned, markedHolder } from '../../shared/adapters/embedded/process-mark.ts';
import { testFolder } from './embedded-folder.ts';

const holder = fileURLToPath(new URL('./embedded-lease-holder.ts', import.meta.url));

test('the lease of a process that was killed is free at once', async (t) => {
  const { folder, open } = await testFolder(t);
  const child = spawn(process.execPath, [holder, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  assert.equal(String((await once(child.stdout, 'data'))[0]), 'held\n');
  const before = await open();
  assert.equal(await before.leases.acquire('maildrop', 'another', 1000), undefined);
  child.kill('SIGKILL');
  await exited;
  const { leases } = await open();
  assert.ok(await leases.acquire('maildrop', 'another', 1000));
  assert.equal(await leases.acquire('maildrop', 'a third', 1000), undefined);
});

test('a holder is abandoned where its process has ended, and only there', () => {
  const own = markedHolder('session');
  assert.equal(isAbandoned(markedHolder('other'), own), false);
  assert.equal(isAbandoned(`${process.ppid}.abc/session`, own), false);
  // An earlier process with our number.
  assert.equal(isAbandoned(`${process.pid}.abc/session`, own), true);
  // What an earlier release wrote is left to expire.
  assert.equal(isAbandoned('session', own), false);
});
