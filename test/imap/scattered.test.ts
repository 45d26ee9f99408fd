import assert from 'node:assert/strict';
import { test } from 'node:test';
import { copyMessages } from '../../shared/engine/actions.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { fill } from '../budgets/big-account.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { testClock } from '../support/test-clock.ts';
import { MessageSession } from './message-session.ts';

/** What reads header records or what is kept beside them, each in a process that has just started. */
const commands = [
  'FETCH 1:* (ENVELOPE BODYSTRUCTURE)',
  'FETCH 1:* BODY.PEEK[HEADER.FIELDS (From Subject Date)]',
  'FETCH 1:* BODY.PEEK[HEADER]',
  'SEARCH HEADER X-Mailer Example',
  'SORT (SUBJECT) UTF-8 ALL',
  'THREAD REFERENCES UTF-8 ALL',
];

test('every command that reads the headers of a scattered mailbox reads the copies that it has together', async () => {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  const parts = { entropy: clock, scatteredBytes: 100_000 };
  const account = await openIn(memoryEngine(store, parts));
  await fill(account, clock, 'INBOX', 3000);
  await account.settle();
  await account.compact();
  const filed = UidSet.of(Array.from({ length: 150 }, (_, i) => i * 20 + 1));
  assert.ok((await account.commit(copyMessages('move', inboxId, filed, 'Archive'))).ok);
  const ask = async (command: string) => {
    const reader = await openIn(memoryEngine(store, parts), account.id);
    await reader.load(reader.state.mailboxes.named('Archive')!.id);
    const session = new MessageSession(reader, 'Archive');
    const before = store.blobs.counts.getBytes;
    const said = await session.run(command);
    return { said, bytes: store.blobs.counts.getBytes - before };
  };
  const scattered = [];
  for (const command of commands) scattered.push(await ask(command));
  await account.compact();
  for (const [i, command] of commands.entries()) {
    const together = await ask(command);
    assert.equal(together.said, scattered[i]!.said);
    assert.ok(together.bytes < scattered[i]!.bytes / 4, `${command}: ${together.bytes} bytes`);
  }
});
