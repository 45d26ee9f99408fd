import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, copyMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import type { Decide } from '../../shared/engine/decision.ts';
import { changedSince, everyUid } from '../../shared/engine/mailbox.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { vanishedUids } from '../../shared/engine/vanished.ts';
import { day } from '../support/test-clock.ts';
import { BudgetWorld, type Cost, none, requests, sizes } from './big-account.ts';
import { imapCosts } from './imap-costs.ts';
import { pop3Costs } from './pop3-costs.ts';

/** What operations may cost (design, section 6): counted at the ports, so that a slow machine changes nothing. */

/** One entry, of at most so many bytes, and nothing else but a spill object where that is allowed. */
function assertOnePut(cost: Cost, bytes: number, spill: 'inline' | 'perhapsSpilled' = 'inline'): void {
  assert.equal(cost.logPuts, 1);
  assert.ok(cost.logPutBytes <= bytes, `${cost.logPutBytes} bytes`);
  assert.ok(cost.puts <= (spill === 'inline' ? 0 : 1), `${cost.puts} objects`);
  assert.equal(cost.queries + cost.gets + cost.headMoves, 0);
}

const inbox = (account: Account) => account.state.mailboxes.get(inboxId)!;

for (const messages of sizes) {
  test(`what operations cost with ${messages.toLocaleString('en')} messages`, async (t) => {
    const world = await BudgetWorld.of(messages);
    await imapCosts(t, world, messages);
    await pop3Costs(t, world, messages);

    const headers = Math.min(10_000, messages);
    const all = Array.from({ length: messages }, (_, i) => i + 1);
    const everySecond = UidSet.of(all.filter((uid) => uid % 2 === 1));

    await t.test('a delivery: one object, one entry of 2 KB, nothing read', async () => {
      const body = Buffer.from(`Subject: one more\r\nFrom: a@example.test\r\n\r\nText\r\n`);
      const cost = await world.cost(async () => {
        const staged = await world.account.stage(body);
        assert.ok(staged.ok);
        const request = { message: staged.value, flags: [], internalDate: undefined, deliveryId: 'event 1' };
        assert.ok((await world.account.commit(appendMessages('INBOX', [request]))).ok);
      });
      assert.equal(cost.puts, 1);
      assertOnePut({ ...cost, puts: 0 }, 2048);
    });

    await t.test(
      'a delivery in a process that has just started reads the manifest, and no rows',
      async () => {
        const cost = await world.cost(async () => {
          const account = await world.fresh();
          const [request] = requests(account.id, world.clock, 1, messages + 1);
          assert.ok((await account.commit(appendMessages('INBOX', [request!]))).ok);
        });
        assert.deepEqual([cost.queries, cost.gets, cost.logPuts], [1, 1, 1]);
        assert.ok(cost.logPutBytes <= 2048);
      },
    );

    const account = await world.fresh();
    await account.load(inboxId);

    await t.test('email ids of 10,000 are a few ranges of 16 bytes each', async () => {
      const numbers = all.slice(messages - headers);
      const ids = await world.cost(() => account.emailIds(numbers));
      assert.ok(ids.gets <= 6, `${ids.gets} GETs`);
      assert.ok(ids.getBytes <= 16 * (headers + 4096));
      assert.deepEqual(await world.cost(() => account.emailIds(numbers)), none);
    });

    await t.test(
      'STORE, COPY, MOVE and EXPUNGE of all, and of every second: one small entry each',
      async () => {
        const run = <T>(what: Decide<T>) =>
          world.cost(async () => assert.ok((await account.commit(what)).ok));
        // Sets of a million, spilled, soon make the log worth folding; what that costs is counted next.
        const folding = await world.store.leases.acquire(`compact/${account.id}`, 'nobody', day);
        assert.ok(folding);
        assertOnePut(await run(storeFlags(inboxId, everyUid, 'add', ['\\Flagged'])), 256);
        const seconds = [
          await run(storeFlags(inboxId, everySecond, 'add', ['\\Answered', 'label'])),
          await run(copyMessages('copy', inboxId, everySecond, 'Archive')),
          await run(expungeMessages(inboxId, everySecond)),
        ];
        // An eighth of a byte a UID: beyond 16 KB it is spilled.
        for (const cost of seconds) {
          assertOnePut(cost, 256 + Math.min(messages / 8 + 600, 16 * 1024), 'perhapsSpilled');
          assert.equal(cost.puts, messages > 120_000 ? 1 : 0);
          assert.ok(cost.putBytes <= messages / 8 + 2048);
        }
        for (const [kind, to] of [
          ['copy', 'Archive'],
          ['move', 'Trash'],
        ] as const)
          assertOnePut(await run(copyMessages(kind, inboxId, everyUid, to)), 17 * 1024, 'perhapsSpilled');
        const trash = account.state.mailboxes.named('Trash')!;
        assertOnePut(await run(expungeMessages(trash.id, everyUid)), 256);
        const archive = account.state.mailboxes.named('Archive')!;
        assertOnePut(await run(copyMessages('move', archive.id, everyUid, 'INBOX')), 256);
        await world.store.leases.release(folding);
      },
    );

    await t.test('folding all of that writes at most 20 bytes a message', async () => {
      const cost = await world.cost(() => account.compact());
      assert.ok(cost.puts <= 8, `${cost.puts} objects`);
      assert.equal(cost.headMoves, 1);
      assert.ok(cost.putBytes <= 20 * messages + 16_384, `${cost.putBytes / messages} bytes a message`);
    });

    await t.test('resync after 100 changes reads what changed, not what there is', async () => {
      const client = inbox(account);
      const since = client.highestModSeq;
      const uids = [...UidSet.of(client.chunks.flatMap((c) => [...c.fixed.uid.subarray(0, c.length)]))];
      for (let i = 0; i < 100; i++) {
        const one = UidSet.of([uids[(i * 7) % uids.length]!]);
        const changed =
          i % 4 === 0
            ? await account.commit(expungeMessages(inboxId, one))
            : await account.commit(storeFlags(inboxId, one, 'add', [`k${i % 3}`]));
        assert.ok(changed.ok);
      }
      const resync = async (who: Account) => {
        await who.refresh();
        await who.load(inboxId);
        const gone = await vanishedUids(who, inbox(who), since);
        const changed = changedSince(inbox(who), everyUid, since);
        assert.ok(gone.size > 0 && changed.size > 0 && gone.size + changed.size <= 100);
      };
      const warm = await world.cost(() => resync(account));
      assert.deepEqual([warm.queries, warm.gets], [1, 0]);
      // The tail may have been folded meanwhile, or not: both are counted.
      await account.settle();
      for (const folded of [false, true]) {
        if (folded) await account.compact();
        let other!: Account;
        const opened = await world.cost(async () => {
          other = await world.fresh();
        });
        const cold = await world.cost(() => resync(other));
        assert.equal(opened.queries, 1);
        assert.ok(opened.gets + cold.gets <= 7, `${opened.gets} + ${cold.gets} GETs`);
        assert.ok(opened.getBytes + cold.getBytes <= 20 * messages + 65_536);
      }
    });
  });
}
