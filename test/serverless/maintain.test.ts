import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnOf } from '../../services/maintenance/turn.ts';
import { type AccountId, accountPrefix, newAccountId, systemEntropy } from '../../shared/ids.ts';
import { LambdaBundle } from '../support/lambda-bundle.ts';
import { deliver, keysUnder, subjects } from '../support/mail.ts';
import { scheduled } from './events.ts';
import { serverlessGround } from './ground.ts';

/** An account whose turn comes at this hour. */
function idFor(hour: number): AccountId {
  for (;;) {
    const id = newAccountId(systemEntropy);
    if (turnOf(id).hour === hour) return id;
  }
}

test('the maintenance function, from its bundle, visits the accounts whose hour it is, and collects removed ones', async (t) => {
  const ground = await serverlessGround(t);
  const hour = new Date().getUTCHours();
  const accounts = [];
  // Two hours' accounts, should the clock strike meanwhile, and one of another time of day.
  for (const [i, turn] of [hour, (hour + 1) % 24, (hour + 12) % 24].entries()) {
    const account = await ground.account(`a${i}`, idFor(turn));
    await deliver(account, i);
    accounts.push(account);
  }
  const removed = await ground.account('removed');
  await deliver(removed, 9);
  const { blobs } = ground.engine.parts;
  assert.notDeepEqual(await keysUnder(blobs, accountPrefix(removed.id)), []);
  await ground.directory.removeAccount(removed.id, 0);

  const maintain = LambdaBundle.start('maintain', {
    ...ground.env,
    RESTANTE_RETENTION_DAYS: '14',
    RESTANTE_TRASH_DAYS: '30',
    RESTANTE_JUNK_DAYS: '30',
  });
  t.after(() => maintain.stop());
  const report = (await maintain.invoke(scheduled())) as Record<string, number>;
  assert.deepEqual(
    { accounts: report.accounts, removed: report.removed, failures: report.failures },
    { accounts: 1, removed: 1, failures: 0 },
  );
  assert.deepEqual(await keysUnder(blobs, accountPrefix(removed.id)), []);
  for (const account of accounts) assert.equal((await subjects(account, 'INBOX')).length, 1);
  assert.ok(maintain.events.some(({ event, outcome }) => event === 'maintenance.pass' && outcome === 'done'));
  // The same container serves the next hour too.
  const next = (await maintain.invoke(scheduled())) as Record<string, number>;
  assert.deepEqual([next.removed, next.failures], [0, 0]);
});

test('a setting that is missing is told by its name', async (t) => {
  const ground = await serverlessGround(t);
  const maintain = LambdaBundle.start('maintain', { ...ground.env, RESTANTE_RETENTION_DAYS: '14' });
  t.after(() => maintain.stop());
  await assert.rejects(maintain.invoke(scheduled()), /RESTANTE_TRASH_DAYS/);
});
