import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import {
  type AppendFate,
  controlledLog,
  lostAnswer,
  lostRequest,
  refused,
} from '../support/controlled-log.ts';
import { sharedStore } from '../support/shared-store.ts';
import { sampleMessage } from './sample-message.ts';
import { openGround, type Person, password } from './test-server.ts';
import { WireClient } from './wire-client.ts';

/** What cannot be settled within a command's time ends the connection without a tagged answer: OK and NO might both be untrue. */

const { control, parts } = controlledLog((await sharedStore()).log);
const ground = await openGround(parts);
const server = await ground.server();
after(() => server.close(0));

/** What becomes of appends from now on, to the end of the test at most. */
function appendsAre(t: TestContext, fate: AppendFate): void {
  control.fate = fate;
  t.after(() => {
    control.fate = undefined;
  });
}

/** Somebody with three messages, the second of them marked to be expunged. */
async function somebody(): Promise<Person> {
  const person = await ground.person();
  for (const n of [1, 2, 3])
    await person.deliver('INBOX', sampleMessage(n), { flags: n === 2 ? ['\\Deleted'] : [] });
  return person;
}

async function selected(t: TestContext, person: Person, ...before: readonly string[]): Promise<WireClient> {
  const client = await WireClient.connect(server.listeners[0]!.port);
  t.after(() => client.close());
  await client.nextLine();
  await client.command(`l LOGIN ${person.address} ${password}`);
  for (const line of before) await client.command(line);
  await client.command('s SELECT INBOX');
  return client;
}

/** What the client still hears: to the end of the connection, or to a tagged answer, which is one too many. */
async function heard(client: WireClient): Promise<string[]> {
  const lines: string[] = [];
  while (!/^[a-z] /.test(lines.at(-1) ?? '')) {
    const line = await client.nextLine();
    if (line === undefined) break;
    lines.push(line.text);
  }
  return lines;
}

const message = 'Subject: new\r\n\r\nbody\r\n';
const literal = `{${message.length}+}\r\n${message}`;

/** Every command that changes an account. */
const commands = {
  STORE: 'STORE 1 +FLAGS (\\Flagged)',
  'STORE with .SILENT': 'STORE 1:3 +FLAGS.SILENT (\\Flagged)',
  'UID STORE with UNCHANGEDSINCE': 'UID STORE 1 (UNCHANGEDSINCE 1000) FLAGS (label)',
  COPY: 'COPY 1:2 Archive',
  MOVE: 'MOVE 1:2 Archive',
  EXPUNGE: 'EXPUNGE',
  'UID EXPUNGE': 'UID EXPUNGE 1:*',
  CLOSE: 'CLOSE',
  'FETCH that sets \\Seen': 'FETCH 1 (FLAGS BODY[])',
  APPEND: `APPEND INBOX ${literal}`,
  'APPEND of several messages': `APPEND INBOX ${literal} ${literal}`,
  CREATE: 'CREATE Projects',
  DELETE: 'DELETE Archive',
  RENAME: 'RENAME Archive Old',
  SUBSCRIBE: 'SUBSCRIBE Trash',
  UNSUBSCRIBE: 'UNSUBSCRIBE Archive',
};

for (const [name, command] of Object.entries(commands))
  test(`${name}: where nobody knows whether it was done, the connection ends without a word of it`, {
    timeout: 30_000,
  }, async (t) => {
    for (const [fate, done, before] of [
      [lostRequest, 0, []],
      [lostAnswer, 1, ['e ENABLE QRESYNC']],
    ] as const) {
      const person = await somebody();
      const client = await selected(t, person, 'u UNSUBSCRIBE Trash', ...before);
      const { position } = person.account.state;
      appendsAre(t, fate);
      client.send(`a ${command}\r\n`);
      assert.deepEqual(await heard(client), []);
      // Both happen, and look the same from here.
      control.fate = undefined;
      const { entries } = await ground.local.store.log.read(person.account.id, position);
      assert.equal(entries.length, done);
    }
  });

test('commands sent behind such a one are not run, nor answered: LOGOUT neither', async (t) => {
  const person = await somebody();
  const client = await selected(t, person);
  appendsAre(t, lostRequest);
  client.send('a STORE 1 +FLAGS (\\Flagged)\r\nb CREATE Projects\r\nc LOGOUT\r\n');
  assert.deepEqual(await heard(client), []);
  control.fate = undefined;
  assert.equal(person.account.state.mailboxes.named('Projects'), undefined);
});

for (const [name, behind] of [
  ['another APPEND and LOGOUT', `b APPEND INBOX ${literal}\r\nc LOGOUT\r\n`],
  ['an APPEND whose octets have not all come', `b APPEND INBOX ${literal.slice(0, -5)}`],
  ['an APPEND that waits to be asked for its octets', `b APPEND INBOX {${message.length}}\r\n`],
  ['an APPEND that is refused at once', 'b APPEND INBOX {0+}\r\n\r\n'],
  ['EXPUNGE', 'b EXPUNGE\r\n'],
] as const)
  test(`after an APPEND whose fate nobody knows, ${name} is not answered either`, {
    timeout: 30_000,
  }, async (t) => {
    const client = await selected(t, await somebody());
    appendsAre(t, lostRequest);
    client.send(`a APPEND INBOX ${literal}\r\n${behind}`);
    assert.deepEqual(await heard(client), []);
  });

test('what an APPEND stored whose fate nobody knows stays: it may be mail', async (t) => {
  const person = await somebody();
  const client = await selected(t, person);
  appendsAre(t, lostAnswer);
  client.send(`a APPEND INBOX ${literal}\r\n`);
  assert.deepEqual(await heard(client), []);
  control.fate = undefined;
  const other = await selected(t, person);
  const body = (await other.command('b FETCH 4 BODY.PEEK[]')).join('\r\n');
  assert.ok(body.includes(message), body);
});

test('what was certainly not written is answered NO, and the session goes on', async (t) => {
  const client = await selected(t, await somebody());
  appendsAre(t, refused);
  for (const command of ['STORE 1 +FLAGS (\\Flagged)', 'EXPUNGE', `APPEND INBOX ${literal}`])
    assert.match((await client.command(`a ${command}`)).join('\n'), /^a NO \[UNAVAILABLE\] [^\n]*$/);
  control.fate = undefined;
  assert.match((await client.command('b EXPUNGE')).join('\n'), /^\* 2 EXPUNGE\nb OK /);
});

test('what others ask for while such a change is open is not tried: NO; and the open one comes first later', async (t) => {
  const person = await somebody();
  const [one, other] = [await selected(t, person), await selected(t, person)];
  appendsAre(t, lostRequest);
  one.send('a STORE 1 +FLAGS (\\Flagged)\r\n');
  assert.deepEqual(await heard(one), []);
  assert.match((await other.command('b STORE 3 +FLAGS (\\Answered)')).join('\n'), /^b NO \[UNAVAILABLE\] /);
  control.fate = undefined;
  assert.deepEqual((await other.command('c STORE 3 +FLAGS (\\Draft)')).toSorted(), [
    '* 1 FETCH (FLAGS (\\Flagged))',
    '* 3 FETCH (FLAGS (\\Draft))',
    'c OK Stored',
  ]);
});
