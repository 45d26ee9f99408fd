import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expungeMessages } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { deleteMailbox } from '../../shared/engine/mailbox-actions.ts';
import { inboxId } from '../../shared/engine/state.ts';
import type { AccountLog, AppendOutcome } from '../../shared/ports/account-log.ts';
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

/** The embedded log, with appends that go another way once `fate` is set. */
function failingLog(log: AccountLog) {
  const control: { fate: (() => Promise<AppendOutcome>) | undefined; reads: number } = {
    fate: undefined,
    reads: 0,
  };
  const failing: AccountLog = {
    read(account, after) {
      control.reads++;
      return log.read(account, after);
    },
    append: (request) => control.fate?.() ?? log.append(request),
    readEnd: (id) => log.readEnd(id),
    moveHead: (account, head) => log.moveHead(account, head),
    trim: (account, upTo) => log.trim(account, upTo),
    drop: (account) => log.drop(account),
  };
  return { control, failing };
}

/** A world whose engine's log is under control; the clock jumps on where the engine waits. */
async function controlledWorld(t: Parameters<typeof pop3World>[0]) {
  const world = await pop3World(t);
  const { control, failing } = failingLog(world.local.store.log);
  let ahead = 0;
  const { engine } = await localEngine({
    log: failing,
    blobs: world.local.store.blobs,
    leases: world.local.store.leases,
    notifier: world.local.store.notifier,
    entropy: { ...world.local.engine.parts.entropy, now: () => Date.now() + ahead },
    sleep: async (ms) => {
      ahead += ms;
    },
  });
  return { world, engine, control };
}

test('where the deletions cannot be written, the client is told and nothing is deleted', async (t) => {
  const { world, engine, control } = await controlledWorld(t);
  await world.deliver(...messages);
  const broken = await pop3World(t, {
    change: () => ({ engine, authenticator: { signIn: async () => signedInAs(recordOf(world)) } }),
  });
  const client = await broken.connect();
  await client.signIn();
  control.fate = () => Promise.reject(new Error('the log is away'));
  client.send('DELE 1\r\nQUIT\r\n');
  await client.expect('+OK …');
  await client.expect('-ERR [SYS/TEMP] Nothing was deleted…');
  await client.expect('(closed)');
  control.fate = undefined;
  assert((await world.account.refresh()).ok);
  assert.equal(existing(world, 'INBOX'), 3);
});

test('where it is not known whether they were, the connection ends without an answer', async (t) => {
  const { world, engine, control } = await controlledWorld(t);
  await world.deliver(...messages);
  const broken = await pop3World(t, {
    change: () => ({ engine, authenticator: { signIn: async () => signedInAs(recordOf(world)) } }),
  });
  const client = await broken.connect();
  await client.signIn();
  control.fate = async () => ({ kind: 'unknown', cause: 'no answer' });
  client.send('DELE 1\r\nQUIT\r\n');
  await client.expect('+OK …');
  await client.expect('(closed)');
  control.fate = undefined;
});

test('a session with nothing new reads the log once and writes nothing to it', async (t) => {
  const { world, engine, control } = await controlledWorld(t);
  await world.deliver(...messages);
  const counted = await pop3World(t, {
    change: () => ({ engine, authenticator: { signIn: async () => signedInAs(recordOf(world)) } }),
  });
  for (const expected of [1, 1]) {
    control.reads = 0;
    control.fate = () => Promise.reject(new Error('nothing is to be written'));
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

function recordOf(world: Pop3World) {
  return {
    id: world.account.id,
    address: 'anna@example.org',
    tenant: 'default',
    displayName: '',
    status: 'active',
    protocols: ['pop3'],
    pop3Deletion: 'expunge',
    passwordHash: undefined,
    credentialVersion: 1,
    appPasswords: [],
    createdAt: 0,
  } as unknown as import('../../shared/ports/directory.ts').AccountRecord;
}
