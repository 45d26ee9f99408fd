import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { storeFlags } from '../../shared/engine/actions.ts';
import { BinaryReader, BinaryWriter } from '../../shared/engine/binary.ts';
import { DeliveryIds, deliveryIdLifetime } from '../../shared/engine/delivery-ids.ts';
import { IdleAccounts } from '../../shared/engine/idle-accounts.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { MailboxView } from '../../shared/engine/view.ts';
import type { AccountId } from '../../shared/ids.ts';
import { BudgetWorld, fill } from '../budgets/big-account.ts';

async function filled(messages: number) {
  const world = await BudgetWorld.make();
  await fill(world.account, world.clock, 'INBOX', messages);
  await world.account.settle();
  await world.account.compact();
  const inbox = () => world.account.state.mailboxes.get(inboxId)!;
  const { bytes: closedBytes } = await world.fresh();
  return { ...world, account: world.account, inbox, closedBytes };
}

test('an account at rest takes five bytes a message more than one whose rows were never read, and reads as it did', async () => {
  const { account, inbox, closedBytes } = await filled(3000);
  const before = [...rowsOf(inbox().chunks)];
  const rowBytes = () => (account.bytes - closedBytes) / 3000;
  assert.ok(rowBytes() >= 26, `${rowBytes()} bytes a message`);
  account.rest();
  const resting = account.bytes;
  assert.ok(rowBytes() <= 5, `${rowBytes()} bytes a message`);
  assert.deepEqual([...rowsOf(inbox().chunks)], before);
  assert.ok(account.bytes > resting, 'what was looked at is unpacked');
});

test('new mail on an account at rest is announced without unpacking more than the last chunk', async () => {
  const { account, clock, inbox } = await filled(3000);
  const view = new MailboxView(inbox());
  account.rest();
  view.rest();
  const resting = account.bytes;
  await fill(account, clock, 'INBOX', 1);
  view.advance(inbox());
  assert.equal(view.takeUpdates('allowed').exists, 3001);
  assert.equal(view.seqOf(3001), 3001);
  assert.ok(account.bytes - resting < 64 * 1024, `${account.bytes - resting} bytes more`);
});

test('flags that change on an account at rest are told, and only the chunk they are in unpacks', async () => {
  const { account, inbox } = await filled(3000);
  const view = new MailboxView(inbox());
  account.rest();
  const resting = account.bytes;
  const stored = await account.commit(storeFlags(inboxId, UidSet.of([700]), 'add', ['\\Flagged']));
  assert.ok(stored.ok);
  view.advance(inbox());
  assert.deepEqual([...view.takeUpdates('allowed').flagged], [700]);
  assert.ok(account.bytes - resting < 64 * 1024, `${account.bytes - resting} bytes more`);
});

class Idle {
  readonly id: AccountId;
  bytes: number;
  rested = 0;
  constructor(name: string, bytes: number) {
    this.id = name as AccountId;
    this.bytes = bytes;
  }
  rest(): void {
    this.bytes /= 4;
    this.rested++;
  }
}

test('idle accounts are packed before any is dropped, the longest unused first', () => {
  const dropped: string[] = [];
  const idle = new IdleAccounts(100, ({ id }) => dropped.push(id));
  const [a, b, c] = [new Idle('a', 40), new Idle('b', 40), new Idle('c', 40)];
  idle.add(a);
  idle.add(b);
  assert.equal(a.rested + b.rested, 0);
  idle.add(c);
  assert.deepEqual([a.rested, b.rested, c.rested, dropped], [1, 0, 0, []]);
  assert.equal(idle.bytes, 90);
  idle.add(new Idle('d', 80));
  assert.deepEqual([b.rested, c.rested, dropped], [1, 1, []]);
  idle.add(new Idle('e', 400));
  assert.deepEqual(dropped, ['a', 'b', 'c', 'd']);
  assert.equal(idle.bytes, 100);
});

test('an account that is held again counts no longer', () => {
  const idle = new IdleAccounts(100, () => assert.fail('dropped'));
  const a = new Idle('a', 90);
  idle.add(a);
  idle.take(a);
  idle.add(new Idle('b', 90));
  assert.equal(a.rested, 0);
  assert.equal(idle.bytes, 90);
});

test('delivery ids are those of a plain map, also after they went through a manifest', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 200_000 })), {
    maxLength: 120,
  });
  return fc.assert(
    fc.asyncProperty(steps, async (added) => {
      const model = new Map<string, number>();
      let ids = DeliveryIds.empty;
      let now = 2_000_000_000;
      for (const [name, later] of added) {
        now += later;
        ids = ids.add(`id ${name}`, now);
        model.set(`id ${name}`, now);
      }
      const out = new BinaryWriter();
      await ids.write(out, now);
      const source = new BinaryReader(out.take());
      const reread = DeliveryIds.read(source);
      source.end();
      for (let name = 0; name <= 60; name++) {
        const time = model.get(`id ${name}`);
        const known = time !== undefined && time > now - deliveryIdLifetime;
        assert.equal(ids.has(`id ${name}`, now), known);
        assert.equal(reread.has(`id ${name}`, now), known);
      }
      ids.rest();
      assert.deepEqual([...reread.live(now)], [...ids.live(now)]);
    }),
  );
});
