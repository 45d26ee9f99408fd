import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { rebuildAccount } from '../../services/maintenance/rebuild/rebuild-account.ts';
import type { Account } from '../../shared/engine/account.ts';
import { expungeMessages } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { createMailbox, deleteMailbox } from '../../shared/engine/mailbox-actions.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { localEngine } from '../support/local-engine.ts';
import { openGround, password } from './test-server.ts';
import { WireClient } from './wire-client.ts';

/** Other processes tell nothing: what one has written, another learns when it asks. */
const silence = { announce: () => undefined, watch: () => () => undefined };
const ground = await openGround({ notifier: silence });
const server = await ground.server();
after(() => server.close(0));

async function signedIn(address: string): Promise<WireClient> {
  const client = await WireClient.connect(server.listeners[0]!.port);
  await client.nextLine();
  await client.command(`l LOGIN ${address} ${password}`);
  return client;
}

async function selected(mailbox: string, messages: number) {
  const person = await ground.person();
  await person.mailbox(mailbox);
  for (let n = 1; n <= messages; n++) await person.deliver(mailbox, `Subject: ${n}\r\n\r\nneedle ${n}\r\n`);
  const client = await signedIn(person.address);
  await client.command(`s SELECT ${mailbox}`);
  return { client, person, account: person.account };
}

async function toTheEnd(client: WireClient): Promise<string[]> {
  const lines: string[] = [];
  for (let line = await client.nextLine(); line; line = await client.nextLine()) lines.push(line.text);
  return lines;
}

const rebuild = async (account: Account): Promise<void> => {
  const task = { mailbox: 'Recovered', mode: 'do', leases: 'ignored', uidValidityFloor: 0 } as const;
  assert.ok((await rebuildAccount(account.id, ground.local.engine.parts, task)).ok);
};

test('what a client has done when its mailbox is deleted is told as done, before it is sent away', async () => {
  const { client, account } = await selected('Work', 1);
  assert.ok((await account.commit(deleteMailbox('Work'))).ok);
  const message = 'Subject: x\r\n\r\n';
  const appends = ['a0', 'a1', 'a2'].map(
    (tag) => `${tag} APPEND Sent {${message.length}+}\r\n${message}\r\n`,
  );
  client.send(appends.join(''));
  const answers = await toTheEnd(client);
  // Where a store is slow, what was not begun when the first was answered is not done.
  const done = answers.length - 1;
  assert.ok(done >= 1);
  assert.deepEqual(
    answers.map((line) => line.replace(/UID \d+ /, 'UID V ')),
    [
      ...Array.from({ length: done }, (_, n) => `a${n} OK [APPENDUID V ${n + 1}] Stored`),
      '* BYE The selected mailbox was deleted',
    ],
  );
  assert.ok((await account.refresh()).ok);
  assert.equal(account.state.mailboxes.named('Sent')!.exists, done);
});

for (const command of [
  'UID STORE 1 +FLAGS (\\Deleted)',
  'UID COPY 1 Sent',
  'UID MOVE 1 Sent',
  'UID EXPUNGE 1',
  'EXPUNGE',
])
  test(`a session that outlives a rebuild changes nothing by its old UIDs: ${command}`, async () => {
    const { client, account } = await selected('INBOX', 2);
    await client.command('d UID STORE 1:2 +FLAGS.SILENT (\\Deleted)');
    await rebuild(account);
    client.send(`c ${command}\r\n`);
    assert.match((await toTheEnd(client)).join('\n'), /^c NO \[NONEXISTENT\] .*\n\* BYE .*$/);
    assert.ok((await account.refresh()).ok);
    assert.equal(account.state.mailboxes.get(inboxId)!.exists, 2);
    assert.equal(account.state.mailboxes.named('Sent')!.exists, 0);
  });

for (const command of [
  'UID FETCH 1:2 (ENVELOPE)',
  'UID FETCH 1:2 (BODY.PEEK[])',
  'UID FETCH 1:2 (FLAGS)',
  'UID SEARCH SUBJECT 1',
  'UID SEARCH BODY needle',
  'UID SORT (SUBJECT) UTF-8 ALL',
  'UID STORE 1 +FLAGS (\\Deleted)',
])
  test(`nor is it told what others have its messages' numbers, nor what is kept of them: ${command}`, async () => {
    const { client, person, account } = await selected('INBOX', 2);
    await rebuild(account);
    assert.ok((await account.refresh()).ok);
    const another = await signedIn(person.address);
    await another.command('s SELECT INBOX');
    await another.command('f FETCH 1:* (ENVELOPE)');
    client.send(`c ${command}\r\n`);
    assert.match((await toTheEnd(client)).join('\n'), /^c NO \[NONEXISTENT\] .*\n\* BYE .*$/);
  });

test('room that was made elsewhere a moment ago is seen before a message is refused for want of it', async () => {
  const { client, person, account } = await selected('INBOX', 1);
  await person.quota(30);
  const elsewhere = await localEngine({ notifier: silence });
  const there = await elsewhere.account(account.id);
  client.send('a APPEND INBOX {14+}\r\nSubject: x\r\n\r\n\r\n');
  assert.match((await client.answer('a')).at(-1)!, /^a NO \[OVERQUOTA\]/);
  assert.ok((await there.commit(expungeMessages(inboxId, everyUid))).ok);
  client.send('b APPEND INBOX {14+}\r\nSubject: x\r\n\r\n\r\n');
  assert.match((await client.answer('b')).at(-1)!, /^b OK/);
});

test('of two who create a mailbox for one special use at once, one does', async () => {
  const { account } = await selected('INBOX', 0);
  assert.ok((await account.commit(deleteMailbox('Sent'))).ok);
  const made = await Promise.all(['One', 'Two'].map((name) => account.commit(createMailbox(name, '\\Sent'))));
  assert.deepEqual(
    made.map((result) => result.ok || result.error.kind),
    [true, 'specialUseTaken'],
  );
});
