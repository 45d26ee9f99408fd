import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clearOld } from '../../services/maintenance/clear-old.ts';
import { turnOf } from '../../services/maintenance/turn.ts';
import { copyMessages } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { newAccountId, systemEntropy } from '../../shared/ids.ts';
import { deliver, subjects } from '../support/mail.ts';
import { day } from '../support/test-clock.ts';
import { installation } from './harness.ts';

test('what has been in Trash for long goes, by when it came there, in one entry; other mailboxes keep theirs', async () => {
  const here = await installation();
  const account = await here.account();
  // Old mail, thrown away just now.
  await deliver(account, 1, { internalDate: 1_000_000 });
  await account.commit(copyMessages('move', inboxId, everyUid, 'Trash'));
  here.clock.advance(29 * day);
  await deliver(account, 2, { mailbox: 'Trash' });
  await deliver(account, 3);
  const clearing = { '\\Trash': 30 * day };
  assert.equal(await clearOld(account, clearing, here.clock.now()), 0);
  here.clock.advance(day);
  const before = account.state.position;
  assert.equal(await clearOld(account, clearing, here.clock.now()), 1);
  assert.equal(account.state.position, before + 1);
  assert.deepEqual(await subjects(account, 'Trash'), ['message 2']);
  assert.deepEqual(await subjects(account, 'INBOX'), ['message 3']);
});

test('the turns of accounts are spread over the hours of a day and the days of a week', () => {
  const counts = new Array<number>(24).fill(0);
  const weekdays = new Set<number>();
  for (let i = 0; i < 2400; i++) {
    const { hour, weekday } = turnOf(newAccountId(systemEntropy));
    counts[hour]!++;
    weekdays.add(weekday);
  }
  assert.ok(Math.min(...counts) > 40 && Math.max(...counts) < 180, String(counts));
  assert.equal(weekdays.size, 7);
});
