import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { FinalOutcome } from '../../services/imap/dispatch.ts';
import { LateAnswers, type LateSession } from '../../services/imap/late-answers.ts';
import { openGround, password } from './test-server.ts';
import { WireClient } from './wire-client.ts';

const ground = await openGround();
const server = await ground.server();
after(() => server.close(0));

const message = (i: number) => `Subject: ${i}\r\n\r\nbody\r\n`;
const append = (tag: string, mailbox: string, i: number) =>
  `${tag} APPEND ${mailbox} {${message(i).length}+}\r\n${message(i)}\r\n`;

async function signedIn() {
  const person = await ground.person();
  const client = await WireClient.connect(server.listeners[0]!.port);
  await client.nextLine();
  await client.command(`l LOGIN ${person.address} ${password}`);
  return { client, account: person.account };
}

async function readTo(client: WireClient, tag: string): Promise<string[]> {
  const lines: string[] = [];
  while (!lines.at(-1)?.startsWith(`${tag} `)) lines.push((await client.nextLine())!.text);
  return lines;
}

/** Keeps the first append to the log back until so many objects were put. */
function heldUntilPut(count: number): () => void {
  const { log, blobs } = ground.local.engine.parts;
  const [appendEntry, put] = [log.append.bind(log), blobs.put.bind(blobs)];
  const enough = Promise.withResolvers<void>();
  let left = count;
  blobs.put = async (key, body) => {
    const size = await put(key, body);
    if (--left === 0) enough.resolve();
    return size;
  };
  log.append = async (request) => {
    await enough.promise;
    return appendEntry(request);
  };
  return () => {
    log.append = appendEntry;
    blobs.put = put;
  };
}

test('APPENDs that come without waiting are read while the first becomes durable, share entries, and are answered in order', {
  timeout: 30_000,
}, async () => {
  const { client, account } = await signedIn();
  const { position } = account.state;
  const release = heldUntilPut(40);
  client.send(Array.from({ length: 40 }, (_, i) => append(`a${i}`, 'INBOX', i)).join(''));
  const answers = await readTo(client, 'a39');
  release();
  const told = answers.filter((line) => line.startsWith('a'));
  assert.deepEqual(
    told.map(withoutUidValidity),
    Array.from({ length: 40 }, (_, i) => `a${i} OK [APPENDUID V ${i + 1}] Stored`),
  );
  assert.equal(account.state.position, position + 2);
});

const withoutUidValidity = (line: string): string => line.replace(/APPENDUID \d+/, 'APPENDUID V');

test('a command after APPENDs waits for them, and one that is refused is answered in its turn', async () => {
  const { client } = await signedIn();
  client.send(
    [
      append('a1', 'INBOX', 1),
      append('a2', 'Missing', 2),
      'a3 APPEND INBOX {0+}\r\n\r\n',
      append('a4', 'INBOX', 4),
      'a5 STATUS INBOX (MESSAGES)\r\n',
    ].join(''),
  );
  const answers = await readTo(client, 'a5');
  assert.deepEqual(answers.map(withoutUidValidity), [
    'a1 OK [APPENDUID V 1] Stored',
    'a2 NO [TRYCREATE] No such mailbox',
    'a3 NO A message of no octets: nothing is stored',
    'a4 OK [APPENDUID V 2] Stored',
    '* STATUS INBOX (MESSAGES 2)',
    'a5 OK Done',
  ]);
});

test('a message that the client waits to be asked for is asked for after the earlier answers', async () => {
  const { client } = await signedIn();
  client.send(`${append('a1', 'INBOX', 1)}a2 APPEND INBOX {${message(2).length}}\r\n`);
  assert.match((await client.nextLine())!.text, /^a1 OK /);
  assert.match((await client.nextLine())!.text, /^\+ /);
  client.send(`${message(2)}\r\n`);
  assert.match((await client.answer('a2')).at(-1)!, /^a2 OK /);
});

const fine: FinalOutcome = { condition: 'OK', text: 'Done' };
const silent: LateSession = {
  answer: async () => undefined,
  send: () => undefined,
  broken: () => assert.fail('broken'),
};

test('late answers are given in the order of their commands, however they end', async () => {
  const given: string[] = [];
  const late = new LateAnswers({ ...silent, answer: async (tag) => void given.push(tag) });
  const first = Promise.withResolvers<FinalOutcome>();
  late.add({ tag: 'a', octets: 1, outcome: first.promise });
  late.add({ tag: 'b', octets: 1, outcome: Promise.resolve(fine) });
  await late.room();
  assert.deepEqual(given, []);
  first.resolve(fine);
  await late.settled();
  assert.deepEqual(given, ['a', 'b']);
});

test('after an answer that could not be given no other is', async () => {
  const given: string[] = [];
  let broken = 0;
  const late = new LateAnswers({
    ...silent,
    answer: async (tag) => {
      if (tag === 'b') throw new Error('cut');
      given.push(tag);
    },
    broken: () => {
      broken++;
    },
  });
  for (const tag of ['a', 'b', 'c']) late.add({ tag, octets: 1, outcome: Promise.resolve(fine) });
  await assert.rejects(late.settled(), /cut/);
  await assert.rejects(late.settled(), /cut/);
  assert.deepEqual([given, broken], [['a'], 1]);
});

test('another command is taken only when there are few enough, and few enough octets, before it', async () => {
  for (const [octets, held] of [
    [1, 64],
    [1 << 20, 4],
  ] as const) {
    const late = new LateAnswers(silent);
    const pending = Array.from({ length: held }, () => Promise.withResolvers<FinalOutcome>());
    for (const [i, { promise }] of pending.entries()) {
      await late.room();
      late.add({ tag: `a${i}`, octets, outcome: promise });
    }
    let room = false;
    const waiting = late.room().then(() => {
      room = true;
    });
    await Promise.resolve();
    assert.equal(room, false);
    pending[0]!.resolve(fine);
    await waiting;
    for (const { resolve } of pending) resolve(fine);
    await late.settled();
  }
});
