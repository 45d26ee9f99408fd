import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, storeFlags } from '../../shared/engine/actions.ts';
import { createMailbox } from '../../shared/engine/mailbox-actions.ts';
import { stageMessage } from '../../shared/engine/stage.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { AccountId } from '../../shared/ids.ts';
import { readUnits, writeUnits } from '../support/capacity-units.ts';
import { memoryEngine, openIn } from '../support/memory-engine.ts';
import { generateMessages } from '../support/messages.ts';
import { MeteredAws } from '../support/metered-aws.ts';
import { hour } from '../support/test-clock.ts';
import { VirtualTime } from '../support/virtual-time.ts';
import { AwsWorld } from './aws-world.ts';
import { requests as requestsOf } from './big-account.ts';

/** What the log's growth asks of DynamoDB and S3, by the real adapters: each message, and what comes of it later (design, section 6). */

const mail = [...generateMessages(40, 7)];

test('a delivery by who has the account open: one look, one entry of two units at most, one object', async () => {
  const world = await AwsWorld.settled(100, 0);
  const { engine } = world.process();
  assert.ok((await engine.open(world.account.id)).ok);
  for (const [n, message] of mail.entries()) {
    const { requests, ...units } = await world.asked(async () => {
      const delivered = await engine.with(world.account.id, (account) => deliver(account, message, n));
      assert.ok(delivered.ok);
    });
    assert.deepEqual(requests, { Query: 1, PutObject: 1, PutItem: 1 });
    assert.ok(units.writeUnits <= 2, `${units.writeUnits} units written`);
    assert.deepEqual({ ...units, writeUnits: 0 }, { readUnits: 1, writeUnits: 0, refused: 0, deleted: 0 });
  }
});

test('a delivery by who has just started and opens nothing: the last entry is read, a unit for each 4 KB of it', async () => {
  const world = await AwsWorld.settled(100, 0);
  const { account } = world;
  /** So many messages in one entry. */
  const several = async (count: number) => {
    const appended = await account.commit(
      appendMessages('INBOX', requestsOf(account.id, world.clock, count)),
    );
    assert.ok(appended.ok);
  };
  for (const [n, message] of mail.slice(0, 8).entries()) {
    if (n > 5) await several(2 * n);
    const [last = 0, head = 0] = world.aws.itemSizes(account.id).slice(-2);
    if (n > 5) assert.ok(last > 4096);
    const { requests, ...units } = await world.asked(async () => {
      const { engine } = world.process();
      const staged = await stageMessage(engine.parts, account.id, message);
      assert.ok(staged.ok);
      const { stagedAt: internalDate } = staged.value;
      const request = { message: staged.value, internalDate, deliveryId: `event ${n}` };
      const appended = await engine.appendUnopened(account.id, request);
      assert.ok(appended.ok && appended.value === 'stored');
    });
    assert.deepEqual(requests, { PutObject: 1, Query: 1, PutItem: 1 });
    assert.equal(units.readUnits, readUnits(last + head));
    assert.ok(units.writeUnits <= 2, `${units.writeUnits} units written`);
    await account.catchUp();
  }
});

test('a compaction writes eight objects at most and the head once; what it trims costs what it cost to write', async () => {
  const world = await AwsWorld.settled(100, 0);
  const { account, clock } = world;
  const first = world.aws.itemSizes(account.id).slice(0, -1);
  /** What each head has folded. */
  const folded = [{ entries: first.length, units: first.reduce((sum, size) => sum + writeUnits(size), 0) }];
  for (let today = 0; today < 3; today++) {
    const written = await world.asked(async () => {
      for (const [n, message] of mail.entries()) {
        const number = today * mail.length + n;
        assert.ok((await deliver(account, message, number)).ok);
        const one = UidSet.of([100 + number]);
        if (n % 2 === 0) assert.ok((await account.commit(storeFlags(inboxId, one, 'add', ['\\Seen']))).ok);
        clock.advance(0.5 * hour);
      }
    });
    clock.advance(5 * hour);
    const { requests, ...units } = await world.asked(() => account.compact());
    const { PutObject: puts = 0, GetObject: gets = 0, ...others } = requests;
    assert.ok(puts <= 8, `${puts} objects`);
    // The texts of what is new, and segments that are still small.
    assert.ok(gets <= mail.length + 8, `${gets} GETs`);
    // What a head has folded goes a day after the next has replaced it, 25 entries a request.
    const due = folded[today - 1] ?? { entries: 0, units: 0 };
    const run = { 'lease PutItem': 1, Query: 2, 'head PutItem': 1, 'lease DeleteItem': 1 };
    const trim = { Query: 3, 'eventual Query': 1, BatchWriteItem: Math.ceil(due.entries / 25) };
    assert.deepEqual(others, { ...run, ...(due.entries > 0 && trim) });
    assert.equal(units.deleted, due.entries);
    assert.equal(units.writeUnits, 3 + due.units);
    assert.ok(units.readUnits <= 4, `${units.readUnits} units read`);
    folded.push({ entries: written.requests.PutItem!, units: written.writeUnits });
  }
});

async function deliver(account: Account, message: Uint8Array, n: number) {
  const staged = await account.stage(message);
  if (!staged.ok) return staged;
  const request = { message: staged.value, flags: [], internalDate: undefined, deliveryId: `event ${n}` };
  return account.commit(appendMessages('INBOX', [request]));
}

test('k writers at once make at most 3k puts, those that lose included, and read nothing but the tail', async () => {
  for (const k of [1, 2, 8, 32])
    for (let seed = 1; seed <= 2; seed++) {
      const time = new VirtualTime(seed);
      const aws = new MeteredAws(
        () => time.now(),
        () => time.between(1, 5),
      );
      const start = (id?: AccountId) =>
        openIn(memoryEngine(aws.ports(), { entropy: time, sleep: time.sleep }), id);
      const { id } = await time.until(start());
      const writers = await time.until(Promise.all(Array.from({ length: k }, () => start(id))));
      const { requests, ...units } = await aws.meter.asked(async () => {
        const all = writers.map((account, n) => account.commit(createMailbox(`m${n}`)));
        const answers = await time.until(Promise.all(all));
        assert.ok(answers.every(({ ok }) => ok));
      });
      const { PutItem: puts = 0, Query: looks = 0, ...others } = requests;
      assert.deepEqual(others, {});
      assert.ok(puts <= 3 * k, `${puts} puts of ${k} writers with seed ${seed}`);
      // A put that loses is paid for.
      assert.deepEqual(units, { readUnits: looks, writeUnits: puts, refused: puts - k, deleted: 0 });
    }
});
