import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rebuildAccount } from '../../services/maintenance/rebuild/rebuild-account.ts';
import { expungeMessages } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { ObjectGone } from '../../shared/engine/message-index.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { messageKey } from '../../shared/ids.ts';
import { type Pop3World, pop3World } from './harness.ts';

const messages = ['one', 'two', 'three'].map((text) => `Subject: ${text}\r\n\r\n${text}\r\n`);

const rebuild = async ({ account, local }: Pop3World): Promise<void> => {
  const task = { mailbox: 'Recovered', mode: 'do', leases: 'ignored', uidValidityFloor: 0 } as const;
  assert.ok((await rebuildAccount(account.id, local.engine.parts, task)).ok);
};

const away = () => Promise.reject(new Error('the store is away'));

test('a session that outlives a rebuild deletes nothing: its UIDs may be those of other messages', async (t) => {
  const world = await pop3World(t);
  await world.deliver(...messages);
  const client = await world.connect();
  await client.signIn();
  await rebuild(world);
  client.send('DELE 2\r\nQUIT\r\n');
  await client.expect('+OK …');
  await client.expect('-ERR [SYS/TEMP] Nothing was deleted…');
  await client.expect('(closed)');
  assert.equal(world.account.state.mailboxes.get(inboxId)!.exists, 3);
});

for (const command of ['RETR 1', 'TOP 1 0', 'TOP 1 1', 'UIDL', 'UIDL 1'])
  test(`nor is it told what the rebuilt account has: ${command}`, async (t) => {
    const world = await pop3World(t);
    await world.deliver(...messages);
    const client = await world.connect();
    await client.signIn();
    await rebuild(world);
    assert.ok((await world.account.refresh()).ok);
    client.send(`${command}\r\n`);
    await client.expect('-ERR [SYS/TEMP] The account was rebuilt…');
    await client.expect('(closed)');
  });

test('a message whose octets are lost is said to be so, one that was deleted meanwhile is not', async (t) => {
  const world = await pop3World(t);
  await world.deliver(...messages);
  const { account, local } = world;
  const ids = await account.emailIds([1, 2, 3]);
  await local.store.blobs.delete(ids.map((id) => messageKey(account.id, id)));
  const client = await world.connect();
  await client.signIn();
  client.send('RETR 1\r\n');
  await client.expect('-ERR [SYS/PERM] …');
  assert.ok((await account.commit(expungeMessages(inboxId, everyUid))).ok);
  client.send('RETR 2\r\nSTAT\r\n');
  await client.expect('-ERR The message was deleted…');
  await client.expect('+OK 3 …');
});

test('what cannot be read is refused, and what was marked as deleted stays so', async (t) => {
  const world = await pop3World(t);
  await world.deliver(...messages);
  const { account } = world;
  const client = await world.connect();
  await client.signIn();
  Object.assign(account, { emailIds: away, packedIds: away, records: away });
  client.send('DELE 1\r\nUIDL\r\nUIDL 2\r\nTOP 2 0\r\nSTAT\r\n');
  await client.expect('+OK …');
  await client.expect('-ERR [SYS/TEMP] …');
  await client.expect('-ERR [SYS/TEMP] …');
  await client.expect('+OK …');
  // From the body, where the record cannot be read.
  assert.equal((await client.body()).toString(), 'Subject: two\r\n\r\n');
  await client.expect('+OK 2 …');
});

test('UIDL lists the others where one has been purged', async (t) => {
  const world = await pop3World(t);
  await world.deliver(...messages);
  const { account } = world;
  const packedIds = account.packedIds.bind(account);
  account.packedIds = async (numbers) => {
    if (numbers.includes(2)) throw new ObjectGone('message 2 has no email id');
    return packedIds(numbers);
  };
  const client = await world.connect();
  await client.signIn();
  client.send('UIDL\r\n');
  await client.expect('+OK …');
  assert.match((await client.body()).toString(), /^1 [0-9a-z]{26}\r\n3 [0-9a-z]{26}\r\n$/);
});

for (const [message, top] of [
  ['Subject: x\r\nfirst\r\nsecond\r\n', 'Subject: x\r\n\r\nfirst\r\n'],
  ['first\r\n\r\nsecond\r\n', '\r\nfirst\r\n'],
  ['Subject: x\r\n', 'Subject: x\r\n\r\n'],
  ['Subject: x', 'Subject: x\r\n\r\n'],
  ['Subject: x\n\nfirst\nsecond\n', 'Subject: x\r\n\r\nfirst\r\n'],
] as const)
  test(`TOP of ${JSON.stringify(message)} has its header, the empty line and the first of its body`, async (t) => {
    const world = await pop3World(t);
    await world.deliver(message);
    const client = await world.connect();
    await client.signIn();
    client.send('TOP 1 1\r\nTOP 1 0\r\n');
    await client.expect('+OK …');
    assert.equal((await client.body()).toString(), top);
    await client.expect('+OK …');
    assert.equal((await client.body()).toString(), top.replace('first\r\n', ''));
  });
