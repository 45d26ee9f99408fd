import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { type BudgetWorld, type Cost, none } from './big-account.ts';
import { ServingProcess } from './devices.ts';

/** What POP3 sessions cost on a world as `BudgetWorld.of` makes it. */
export async function pop3Costs(t: TestContext, world: BudgetWorld, messages: number): Promise<void> {
  await t.test('a POP3 session that looks at everything, warm: one query and a lease', async (t) => {
    const process = new ServingProcess(t, world);
    const visit = (): Promise<Cost> =>
      world.cost(async () => {
        const client = await process.pop3();
        await client.signIn();
        client.send('STAT\r\nLIST\r\nUIDL\r\nQUIT\r\n');
        await client.expect(`+OK ${messages} …`);
        for (const _ of ['LIST', 'UIDL']) {
          await client.expect('+OK …');
          assert.equal((await client.body()).toString('latin1').split('\r\n').length, messages + 1);
        }
        await client.expect('+OK …');
        await client.expect('(closed)');
      });
    const cold = await visit();
    assert.equal(cold.queries, 1);
    // To open INBOX, and email ids in ranges.
    const most = 4 + 6 * Math.ceil(messages / 10_000);
    assert.ok(cold.gets <= most, `${cold.gets} GETs`);
    assert.deepEqual(await visit(), { ...none, queries: 1, leaseWrites: 2 });
  });
}
