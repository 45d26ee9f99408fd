import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { expungeMessages } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { deleteMailbox } from '../../shared/engine/mailbox-actions.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { controlledLog, lostRequest, refused } from '../support/controlled-log.ts';
import { localEngine } from '../support/local-engine.ts';
import { signedInAs } from '../support/signed-in.ts';
import { type Pop3World, play, pop3World } from './harness.ts';

const messages = ['Subject: one\r\n\r\n1\r\n', 'Subject: two\r\n\r\n2\r\n', 'Subject: three\r\n\r\n3\r\n'];

const existing = (world: Pop3World, name: string) => world.account.state.mailboxes.named(name)?.exists;

const signIn = `
  S: +OK …
  C: USER anna@example.org
  S: +OK …
  C: PASS open sesame
  S: +OK …
`;

const deleteTwo = `${signIn}
  C: RETR 1
  S: +OK …
  S: Subject: one
  S: 
  S: 1
  S: .
  C: DELE 1
  S: +OK …
  C: DELE 3
  S: +OK …
  C: QUIT
  S: +OK 2 messages deleted
  S: (closed)
`;

for (const [deletion, inbox, trash] of [
  ['expunge', 1, 0],
  ['trash', 1, 2],
  ['hide', 3, 0],
] as const)
  test(`with the policy '${deletion}', INBOX keeps ${inbox} of 3 and Trash gets ${trash}, in one entry`, async (t) => {
    const world = await pop3World(t, { deletion });
    await world.deliver(...messages);
    const before = world.account.state.position;
    await play(world, deleteTwo);
    assert.equal(world.account.state.position, before + 1);
    assert.equal(existing(world, 'INBOX'), inbox);
    assert.equal(existing(world, 'Trash'), trash);
    await play(
      world,
      `
      S: +OK …
      C: USER anna@example.org
      S: +OK …
      C: PASS open sesame
      S: +OK 1 messages (${messages[1]!.length} octets)
      C: RETR 1
      S: +OK …
      S: Subject: two
      `,
    );
  });

test('the policy trash makes the mailbox where there is none', async (t) => {
  const world = await pop3World(t, { deletion: 'trash' });
  assert((await world.account.commit(deleteMailbox('Trash'))).ok);
  await world.deliver(...messages);
  await play(world, deleteTwo);
  assert.equal(world.account.state.mailboxes.named('Trash')?.specialUse, '\\Trash');
  assert.equal(existing(world, 'Trash'), 2);
});

test('what others expunge meanwhile keeps its number, and QUIT passes it over', async (t) => {
  const world = await pop3World(t);
  await world.deliver(...messages);
  const client = await world.connect();
  await client.signIn();
  assert((await world.account.commit(expungeMessages(inboxId, everyUid))).ok);
  await world.deliver('Subject: late\r\n\r\n');
  client.send('STAT\r\nUIDL 2\r\nDELE 2\r\nQUIT\r\n');
  await client.expect('+OK 3 …');
  await client.expect('+OK 2 …');
  await client.expect('+OK …');
  await client.expect('+OK 0 messages deleted');
  assert.equal(existing(world, 'INBOX'), 1);
});

test('a UIDL stays the same from session to session', async (t) => {
  const world = await pop3World(t);
  await world.deliver(...messages);
  const listing = async () => {
    const client = await world.connect();
    await client.signIn();
    client.send('UIDL\r\n');
    await client.expect('+OK …');
    const lines = (await client.body()).toString();
    client.send('QUIT\r\n');
    await client.expect('+OK …');
    await client.expect('(closed)');
    return lines;
  };
  const before = await listing();
  assert.match(before, /^(\d [0-9a-z]{26}\r\n){3}$/);
  assert.equal(await listing(), before);
});

/** A world, and another server on its account whose engine's log is under control. */
async function controlledWorld(t: TestContext) {
  const world = await pop3World(t);
  const { control, parts } = controlledLog(world.local.store.log);
  const { engine } = await localEngine(parts);
  const signIn = async () => signedInAs(world.record);
  const broken = await pop3World(t, { change: () => ({ engine, authenticator: { signIn } }) });
  await world.deliver(...messages);
  return { world, broken, control };
}

test('where the deletions cannot be written, the client is told and nothing is deleted', async (t) => {
  const { world, broken, control } = await controlledWorld(t);
  const client = await broken.connect();
  await client.signIn();
  control.fate = refused;
  client.send('DELE 1\r\nQUIT\r\n');
  await client.expect('+OK …');
  await client.expect('-ERR [SYS/TEMP] Nothing was deleted…');
  await client.expect('(closed)');
  control.fate = undefined;
  assert((await world.account.refresh()).ok);
  assert.equal(existing(world, 'INBOX'), 3);
});

test('where it is not known whether they were, the connection ends without an answer', async (t) => {
  const { broken, control } = await controlledWorld(t);
  const client = await broken.connect();
  await client.signIn();
  control.fate = lostRequest;
  client.send('DELE 1\r\nQUIT\r\n');
  await client.expect('+OK …');
  await client.expect('(closed)');
  control.fate = undefined;
});

test('a session with nothing new reads the log once and writes nothing to it', async (t) => {
  const { broken: counted, control } = await controlledWorld(t);
  for (const expected of [1, 1]) {
    control.reads = 0;
    control.fate = refused;
    const client = await counted.connect();
    await client.signIn();
    client.send('STAT\r\nLIST\r\nUIDL\r\nQUIT\r\n');
    await client.expect('+OK 3 …');
    await client.expect('+OK …');
    await client.body();
    await client.expect('+OK …');
    await client.body();
    await client.expect('+OK Bye');
    await client.expect('(closed)');
    assert.equal(control.reads, expected);
  }
});
