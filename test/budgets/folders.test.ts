import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyMessages } from '../../shared/engine/actions.ts';
import { answerColumns, type Column, columnOf } from '../../shared/engine/segment.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { BudgetWorld, fill, none, sizes } from './big-account.ts';

test('headers of a folder that is filed from INBOX, cold: twelve objects, and three times what is in it at most', async () => {
  const messages = Math.min(Math.max(...sizes, 10_000), 100_000);
  const world = await BudgetWorld.make();
  await fill(world.account, world.clock, 'INBOX', messages);
  await world.account.settle();
  await world.account.compact();
  const every = 20;
  const filed = UidSet.of(Array.from({ length: messages / every }, (_, i) => i * every + 1));
  assert.ok((await world.account.commit(copyMessages('move', inboxId, filed, 'Archive'))).ok);
  const { id } = world.account.state.mailboxes.named('Archive')!;
  const folding = await world.cost(() => world.account.compact());
  assert.ok(folding.puts <= 8, `${folding.puts} objects`);
  const { segments } = world.account.messages.settled;
  /** What the messages take of a column, were they stored by themselves. */
  const needed = (name: Column): number => {
    const columns = segments.flatMap((segment) => columnOf(segment, name) ?? []);
    const bytes = columns.reduce((sum, { frames, end }) => sum + end - frames[0]!.offset, 0);
    return (bytes / messages) * filed.size;
  };
  const copies = needed('records') + needed('fields') + needed('structures');
  assert.ok(folding.putBytes <= 1.5 * copies + 65_536, `${folding.putBytes} bytes`);
  for (const column of ['records', ...answerColumns] as const) {
    const reader = await world.fresh();
    await reader.load(id);
    const { chunks } = reader.state.mailboxes.get(id)!;
    const numbers = chunks.flatMap(({ fixed, length }) => [...fixed.message.subarray(0, length)]);
    assert.equal(numbers.length, filed.size);
    const ask = async () => {
      for (let from = 0; from < numbers.length; from += 1000) {
        const asked = numbers.slice(from, from + 1000);
        if (column === 'records') await reader.records(asked, id);
        else await reader.answers(asked, column, id);
      }
    };
    const cold = await world.cost(ask);
    assert.ok(cold.gets <= 12, `${column}: ${cold.gets} GETs`);
    const most = 3 * needed(column);
    assert.ok(cold.getBytes <= most, `${column}: ${cold.getBytes} bytes, ${most} are allowed`);
    assert.deepEqual(await world.cost(ask), none);
  }
});
