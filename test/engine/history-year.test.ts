import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { expungeMessages } from '../../shared/engine/actions.ts';
import { restoreMessages } from '../../shared/engine/restore.ts';
import { purgeExpunged } from '../../shared/engine/retention.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { vanishedUids } from '../../shared/engine/vanished.ts';
import { deliver } from '../support/mail.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { day, testClock } from '../support/test-clock.ts';

const inbox = (account: Account) => account.state.mailboxes.get(inboxId)!;

async function expunge(account: Account, uid: number): Promise<void> {
  const done = await account.commit(expungeMessages(inboxId, UidSet.of([uid])));
  assert.ok(done.ok && done.value.size === 1);
}

/** Twenty messages, of which 3, 5 and 7 to 16 leave one after another on the first day. */
async function ground() {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  const engine = memoryEngine(store, { entropy: clock });
  const account = await openIn(engine);
  for (let n = 1; n <= 20; n++) await deliver(account, n);
  await expunge(account, 3);
  const sawTheFirst = inbox(account).highestModSeq;
  for (const uid of [5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]) await expunge(account, uid);
  const sawTheFirstDay = inbox(account).highestModSeq;
  await account.compact();
  const began = clock.now();
  /** A process that opens the account now: it has read the rows of INBOX, and nothing of its history. */
  const fresh = async () => {
    const opened = await openIn(memoryEngine(store, { entropy: clock }), account.id);
    await opened.load(inboxId);
    return opened;
  };
  return {
    /** Made all of this, and so knows it without reading. */
    account,
    fresh,
    /** What clients know that saw UID 3 leave and nothing since, or all that left on the first day. */
    sawTheFirst,
    sawTheFirstDay,
    /** What was expunged until now is given up, as maintenance does. */
    purge: async () => {
      const purged = await purgeExpunged(account, engine.parts, Math.floor(clock.now() / 1000));
      assert.ok(purged.ok && purged.value.messages > 0);
    },
    /** Some days after the first, one more leaves, and the log is folded. */
    onDay: async (days: number, uid: number, by: Account) => {
      clock.advance(began + days * day - clock.now());
      await by.catchUp();
      await expunge(by, uid);
      await by.compact();
    },
    vanished: async (since: number) => {
      const reader = await fresh();
      return String(await vanishedUids(reader, inbox(reader), since));
    },
    /** How often something left, as far as a snapshot says. */
    known: async () => {
      const reader = await fresh();
      await reader.load(inboxId, 'history');
      return inbox(reader).departures.length;
    },
  };
}

suite('the UIDs of what left a mailbox', () => {
  test('are known exactly for a year, and then forgotten: who comes later is told of all that are missing', async () => {
    const { fresh, purge, onDay, vanished, known, sawTheFirst, sawTheFirstDay } = await ground();
    await purge();
    await onDay(364, 18, await fresh());
    assert.equal(await known(), 13);
    assert.equal(await vanished(sawTheFirst), '5,7:16,18');
    assert.equal(await vanished(sawTheFirstDay), '18');
    await onDay(366, 20, await fresh());
    assert.equal(await known(), 2);
    assert.equal(await vanished(sawTheFirst), '3,5,7:16,18,20');
    assert.equal(await vanished(0), '3,5,7:16,18,20');
    assert.equal(await vanished(sawTheFirstDay), '18,20');
  });

  test('are still said to be forgotten where a process folds again that knows them', async () => {
    const { account, purge, onDay, vanished, known, sawTheFirst } = await ground();
    await purge();
    await onDay(366, 18, account);
    await onDay(367, 20, account);
    assert.equal(await known(), 2);
    assert.equal(await vanished(sawTheFirst), '3,5,7:16,18,20');
  });

  test('are not taken for none by a session whose mailbox is older than the snapshot that forgot them', async () => {
    const { fresh, purge, onDay, sawTheFirst } = await ground();
    await purge();
    const session = await fresh();
    const seen = inbox(session);
    await onDay(366, 18, session);
    assert.equal(String(await vanishedUids(session, seen, sawTheFirst)), '3,5,7:16');
  });

  test('are kept longer where the messages can still come back', async () => {
    const { fresh, onDay, vanished, sawTheFirst } = await ground();
    const account = await fresh();
    await onDay(366, 18, account);
    assert.equal(await vanished(sawTheFirst), '5,7:16,18');
    const restored = await account.commit(restoreMessages({ since: 0, quota: 'respected' }));
    assert.ok(restored.ok);
    assert.equal(inbox(account).exists, 20);
  });
});
