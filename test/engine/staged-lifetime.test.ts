import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { appendMessages } from '../../shared/engine/actions.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { sampleMessage } from '../support/mail.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { hour, testClock } from '../support/test-clock.ts';

/** A message that was put, and the account it is for, so many hours later. */
async function staged(hours: number) {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  const engine = () => memoryEngine(store, { entropy: clock });
  const account = await openIn(engine());
  const message = await account.stage(sampleMessage(1));
  assert.ok(message.ok);
  clock.advance(hours * hour);
  return {
    message: message.value,
    account,
    unopened: engine(),
    there: async () => {
      await account.catchUp();
      return account.state.mailboxes.get(inboxId)!.exists;
    },
  };
}

const tooLate = { ok: false, error: { kind: 'unavailable', cause: 'the message was staged too long ago' } };

/** The sweep of orphans may take what nobody named for longer. */
suite('a commit names only blobs put within a day', () => {
  for (const hours of [23, 25])
    test(`an append ${hours} hours later`, async () => {
      const { account, message, there } = await staged(hours);
      const request = { message, flags: [], internalDate: undefined };
      const appended = await account.commit(appendMessages('INBOX', [request]));
      if (hours < 24) assert.ok(appended.ok);
      else assert.deepEqual(appended, tooLate);
      assert.equal(await there(), hours < 24 ? 1 : 0);
    });

  for (const hours of [23, 25])
    test(`a delivery that opens nothing ${hours} hours later`, async () => {
      const { account, unopened, message, there } = await staged(hours);
      const request = { message, internalDate: message.stagedAt, deliveryId: 'event' };
      const delivered = await unopened.appendUnopened(account.id, request);
      assert.deepEqual(delivered, hours < 24 ? { ok: true, value: 'stored' } : tooLate);
      assert.equal(await there(), hours < 24 ? 1 : 0);
    });

  test('one that is too old among others keeps all of them out of an append', async () => {
    const { account, message, there } = await staged(25);
    const fresh = await account.stage(sampleMessage(2));
    assert.ok(fresh.ok);
    const both = [fresh.value, message].map((m) => ({ message: m, flags: [], internalDate: undefined }));
    assert.deepEqual(await account.commit(appendMessages('INBOX', both)), tooLate);
    assert.equal(await there(), 0);
  });
});
