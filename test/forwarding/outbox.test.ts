import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox, type Posted } from '../../services/forwarding/outbox.ts';
import type { Account } from '../../shared/engine/account.ts';
import { type AccountId, newAccountId, systemEntropy } from '../../shared/ids.ts';
import { localEngine } from '../support/local-engine.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const message = async function* () {
  yield Buffer.from('Subject: x\r\n\r\n');
};
const posts = (account: AccountId, count: number, first = 0): [Posted, ...Posted[]] => {
  const envelope = {
    ...{ account, via: 'anna@example.org', sender: '', recipient: 'x@other.test' },
    ...{ reportable: false, kept: true },
  };
  const [one, ...others] = Array.from({ length: count }, (_, i) => ({
    id: `${account} ${first + i}`,
    envelope,
    message,
  }));
  return [one!, ...others];
};
const anna = newAccountId(systemEntropy);

test('of what waits, the records of a few dozen are in memory at once, and each is read once', async (t) => {
  const { engine } = await localEngine({}, temporaryFolder());
  const outbox = new Outbox(engine);
  assert((await outbox.post(posts(anna, 100))).ok);
  const box = await outbox.open();
  assert(box.ok);
  t.after(() => box.value.release());
  const { account } = box.value;
  const read: number[] = [];
  const { records } = account;
  t.mock.method(account, 'records', (...[numbers, of]: Parameters<Account['records']>) => {
    read.push(numbers.length);
    return records.call(account, numbers, of);
  });
  const waiting = await outbox.waiting(account);
  assert.deepEqual(
    waiting.map(({ number }) => number),
    waiting.map(({ number }) => number).sort((a, b) => a - b),
  );
  assert.equal(waiting.length, 100);
  assert.deepEqual(read, [32, 32, 32, 4]);
  assert.deepEqual(await outbox.waiting(account), waiting);
  assert.equal(read.length, 4);
});
