import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expungeMessages } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { deliver, sampleMessage } from '../support/mail.ts';
import { day, hour } from '../support/test-clock.ts';
import { installation } from './harness.ts';

test('passes come by themselves, some six hours apart, and are told and counted', async () => {
  const here = await installation();
  const account = await here.account();
  await deliver(account, 1);
  await account.commit(expungeMessages(inboxId, everyUid));
  here.start({ retention: 2 * hour });
  const startedAt = here.clock.now();
  const first = await here.nextPass();
  assert.ok(here.clock.now() - startedAt <= 10 * 60_000, 'the first comes within minutes of the start');
  assert.deepEqual([first.outcome, first.accounts, first.purged], ['done', 1, 0]);
  const firstAt = here.clock.now();
  const second = await here.nextPass();
  const apart = here.clock.now() - firstAt;
  assert.ok(apart >= 6 * hour && apart <= 7.5 * hour, `${apart / hour} hours`);
  assert.equal(second.purged, 1);
  const page = here.metrics.render();
  assert.match(page, /restante_maintenance_passes_total\{outcome="done"\} 2\n/);
  assert.match(page, /restante_maintenance_purged_messages_total 1\n/);
});

test('of two processes on one store only one makes a pass', async () => {
  const here = await installation();
  await here.account();
  here.start();
  here.start();
  await here.live(20);
  const passes = here.events('maintenance.pass').length;
  assert.ok(passes >= 3 && passes <= 4, `${passes} passes in 20 hours`);
});

test('orphans are looked for once a week', async () => {
  const here = await installation();
  const account = await here.account();
  assert.ok((await account.stage(sampleMessage(1))).ok);
  here.clock.advance(26 * day);
  here.start();
  assert.equal((await here.nextPass()).swept, 0);
  here.clock.advance(5 * day);
  assert.equal((await here.nextPass()).swept, 0, 'it is an orphan of 31 days, but the week is not over');
  here.clock.advance(2 * day);
  assert.equal((await here.nextPass()).swept, 1);
});

test('a pass that was stopped is made up for soon', async () => {
  const here = await installation();
  for (let i = 0; i < 3; i++) await here.account();
  const { open } = here.engine;
  const entered = Promise.withResolvers<void>();
  here.engine.open = (...asked) => {
    entered.resolve();
    return open.call(here.engine, ...asked);
  };
  const first = here.start();
  here.clock.advance(4 * 60_000);
  await entered.promise;
  await first.stop(10_000);
  assert.deepEqual(
    here.events('maintenance.pass').map(({ outcome, accounts }) => [outcome, accounts]),
    [['stopped', 1]],
  );
  here.start();
  const startedAt = here.clock.now();
  assert.equal((await here.nextPass()).accounts, 3);
  assert.ok(here.clock.now() - startedAt <= 10 * 60_000);
});

test('after a stop nothing begins any more', async () => {
  const here = await installation();
  await here.start().stop(10_000);
  await here.live(20);
  assert.deepEqual(here.events('maintenance.pass'), []);
});

test('a pass whose lease another process has taken over ends', async () => {
  const here = await installation();
  for (let i = 0; i < 3; i++) await here.account();
  const { open } = here.engine;
  const entered = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  here.engine.open = async (...asked) => {
    entered.resolve();
    await goOn.promise;
    return open.call(here.engine, ...asked);
  };
  const renewed = Promise.withResolvers<void>();
  const leases = {
    acquire: here.store.leases.acquire.bind(here.store.leases),
    release: here.store.leases.release.bind(here.store.leases),
    renew: async () => {
      setImmediate(() => renewed.resolve());
      return false;
    },
  };
  here.start({}, { leases } as never);
  here.clock.advance(4 * 60_000);
  await entered.promise;
  here.clock.advance(2 * 60_000);
  await renewed.promise;
  goOn.resolve();
  await here.live(0.1);
  assert.deepEqual(
    here.events('maintenance.pass').map(({ outcome, accounts }) => [outcome, accounts]),
    [['stopped', 1]],
  );
});
