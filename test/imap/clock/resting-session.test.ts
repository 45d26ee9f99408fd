import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { defaultImapOptions } from '../../../services/imap/options.ts';
import { copyMessages, storeFlags } from '../../../shared/engine/actions.ts';
import { everyUid } from '../../../shared/engine/mailbox.ts';
import { chunkBytes } from '../../../shared/engine/rows.ts';
import { inboxId } from '../../../shared/engine/state.ts';
import { FakeTimers } from '../../support/fake-timers.ts';
import { openGround, password } from '../test-server.ts';
import { WireClient } from '../wire-client.ts';

const { restAfterMs, stillHereMs } = defaultImapOptions;
/** The service's clock looks after all sessions this often. */
const beat = stillHereMs / 4;
const messages = 400;

/** Somebody with mail, and clients that have selected it; time is in the test's hands. */
async function mailboxOf(t: TestContext) {
  const timers = FakeTimers.install(t);
  const ground = await openGround();
  const { account, address, deliver } = await ground.person();
  await Promise.all(Array.from({ length: messages }, (_, i) => deliver('INBOX', `Subject: ${i}\r\n\r\n`)));
  assert.ok((await account.commit(copyMessages('copy', inboxId, everyUid, 'Archive'))).ok);
  const server = await ground.server();
  t.after(() => server.close(0));
  const selecting = async () => {
    const client = await WireClient.connect(server.listeners[0]!.port);
    await client.nextLine();
    await client.command(`a LOGIN ${address} ${password}`);
    await client.command('b SELECT INBOX');
    return client;
  };
  /** What the first client's session sees of its mailbox that changes: a version of its own, where the account has a newer one. */
  const viewBytes = (): number => {
    const { state } = server.listeners[0]!.guests[0]!;
    assert.ok(state.kind === 'selected');
    return state.selected.view.mailbox.chunks.reduce((sum, { marks }) => sum + marks.bytes, 0);
  };
  /** What the account holds of a mailbox that no session has selected. */
  const accountBytes = (): number => chunkBytes(account.state.mailboxes.named('Archive')!.chunks);
  return { account, accountBytes, deliver, selecting, viewBytes, pass: (ms: number) => timers.pass(ms) };
}

const signOfLife = (line: string | undefined): boolean => line === '* OK Still here';

/** What it is told next that is no sign of life. */
async function news(client: WireClient): Promise<string | undefined> {
  for (;;) {
    const text = (await client.nextLine())?.text;
    if (!signOfLife(text)) return text;
  }
}

test('a session that idles has its account packed after some minutes, is told of new mail, and reads as before', async (t) => {
  const { accountBytes, deliver, selecting, pass } = await mailboxOf(t);
  const client = await selecting();
  await client.command('c STORE 7 +FLAGS (\\Flagged)');
  const before = (await client.command('d FETCH 1:* FLAGS')).slice(0, -1);
  assert.equal(before.length, messages);
  client.send('e IDLE\r\n');
  assert.match((await client.nextLine())!.text, /^\+/);
  const awake = accountBytes();
  await pass(restAfterMs - beat);
  assert.equal(accountBytes(), awake, 'not yet');
  await pass(2 * beat);
  const resting = accountBytes();
  assert.ok(resting * 2 < awake, `${resting} of ${awake} bytes`);

  await deliver('INBOX', 'Subject: new\r\n\r\n');
  assert.equal(await news(client), `* ${messages + 1} EXISTS`);
  client.send('DONE\r\n');
  await client.answer('e');
  const after = (await client.command('f FETCH 1:* FLAGS')).filter((line) => !signOfLife(line));
  assert.deepEqual(after.slice(0, messages), before);
  assert.match(after[messages]!, new RegExp(`^\\* ${messages + 1} FETCH `));
});

test('what a silent session sees of its mailbox is packed too, and it is told what changed meanwhile', async (t) => {
  const { account, selecting, viewBytes, pass } = await mailboxOf(t);
  const client = await selecting();
  await client.command('c FETCH 1:* FLAGS');
  // From now on it sees another version than the account has.
  assert.ok((await account.commit(storeFlags(inboxId, everyUid, 'add', ['\\Answered']))).ok);
  const awake = viewBytes();
  await pass(restAfterMs - beat);
  assert.equal(viewBytes(), awake, 'not yet');
  await pass(2 * beat);
  assert.ok(viewBytes() * 2 < awake, `${viewBytes()} of ${awake} bytes`);

  const said = await client.command('d NOOP');
  assert.equal(said.filter((line) => /^\* \d+ FETCH .*\\Answered/.test(line)).length, messages);
});

test('an account that one session uses is not packed for another that is silent', async (t) => {
  const { accountBytes, selecting, viewBytes, pass } = await mailboxOf(t);
  const silent = await selecting();
  const busy = await selecting();
  await silent.command('c FETCH 1:* FLAGS');
  const awake = [accountBytes(), viewBytes()];
  for (let spent = 0; spent < 3 * restAfterMs; spent += beat) {
    await busy.command('c NOOP');
    await pass(beat);
  }
  assert.deepEqual([accountBytes(), viewBytes()], awake);
});
