/**
 * The services as processes of their own on one account, each told by its environment what it serves, as the tasks of the infrastructure
 * are: two for IMAP, one for POP3, one that takes mail in. Nothing here waits for a time: what must cross is waited for, and what brought
 * it is told by what can have brought it.
 */
import assert from 'node:assert/strict';
import { after, describe, type TestContext, test } from 'node:test';
import { LmtpLoad, Pop3Load } from '../crash/connections.ts';
import { WireClient } from '../imap/wire-client.ts';
import { type AwsEmulators, startAwsEmulators, valkeyVariable } from '../support/aws-emulators.ts';
import { ServerProcess, type TestAccount } from '../support/server-process.ts';
import { serverEnvironment } from '../support/server-store.ts';
import { Gate, listen } from './valkey-gate.ts';

/** Every port but the service's own is off. */
const ports = [
  'imap',
  'imaps',
  'pop3',
  'pop3s',
  'smtp',
  'lmtp',
  'submission',
  'submissions',
  'http',
] as const;
const only = (service: (typeof ports)[number]): string[] =>
  ports.filter((port) => port !== service).flatMap((port) => [`--${port}`, 'off']);

interface Services {
  readonly imap: readonly [ServerProcess, ServerProcess];
  readonly pop3: ServerProcess;
  readonly inbound: ServerProcess;
  readonly alice: TestAccount;
  readonly noErrors: () => void;
}

const valkey = process.env[valkeyVariable];
// Sixteen processes: for `npm run test:aws`, which has Valkey, and not for every run of all tests.
const skip = valkey ? false : `no ${valkeyVariable}`;

describe('two IMAP processes, one for POP3 and one for inbound mail, on one account', { skip }, () => {
  let emulators: AwsEmulators | undefined;
  after(() => emulators?.stop());

  /** `news`: where the first IMAP process finds Valkey, and where all others do. */
  const start = async (t: TestContext, options: readonly string[], news: readonly string[][] = [[], []]) => {
    emulators ??= await startAwsEmulators();
    const fresh = { ...emulators, directoryTable: await emulators.newDirectoryTable() };
    const common = [
      '--allow-plaintext-auth',
      '--trusted-networks',
      '127.0.0.0/8',
      '--drain-seconds',
      '0',
      ...options,
    ];
    const run = async (service: (typeof ports)[number], how = news[1]!): Promise<ServerProcess> => {
      const all = [...common, ...only(service), ...how];
      const server = await ServerProcess.start(all, undefined, serverEnvironment(fresh));
      t.after(() => server.stop());
      assert.deepEqual(Object.keys(server.ports), [service]);
      return server;
    };
    const [first, second, pop3, inbound] = await Promise.all([
      run('imap', news[0]!),
      run('imap'),
      run('pop3'),
      run('lmtp'),
    ]);
    await inbound.addDomain();
    const alice = await inbound.addAccount('alice');
    const noErrors = () =>
      assert.deepEqual(
        [first, second, pop3, inbound].flatMap(({ errors }) => errors),
        [],
      );
    return { imap: [first, second], pop3, inbound, alice, noErrors } satisfies Services;
  };

  test('without Valkey, changes cross within the polling interval', async (t) => {
    const services = await start(t, ['--poll-interval', '0.1']);
    await everyKindOfChangeCrosses(t, services);
    services.noErrors();
  });

  test('without Valkey, nothing tells a process of a change before it looks: an hour of polling shows by NOOP', async (t) => {
    const { imap, inbound, alice, noErrors } = await start(t, ['--poll-interval', '3600']);
    const reader = await openInbox(t, imap[0], alice);
    const lmtp = await LmtpLoad.open(inbound.ports.lmtp);
    await deliver(lmtp, alice, 'one');
    // The other process answers from what is there, which the reader's has not been told.
    const other = await openInbox(t, imap[1], alice);
    assert.ok((await other.command('n0 NOOP')).at(-1)?.startsWith('n0 OK'));
    assert.match((await other.command('n1 STATUS INBOX (MESSAGES)'))[0] ?? '', /MESSAGES 1/);
    assert.deepEqual(reader.unread, []);
    const told = await reader.command('n2 NOOP');
    assert.ok(told.includes('* 1 EXISTS'), told.join('\n'));
    noErrors();
  });

  test('with Valkey, changes cross though nobody looks at a tail for an hour', async (t) => {
    const told = ['--valkey', valkey!];
    const services = await start(t, ['--poll-interval', '3600'], [told, told]);
    await everyKindOfChangeCrosses(t, services);
    services.noErrors();
  });

  test('a change crosses when its message does, and not before; one message for each change', {
    skip,
  }, async (t) => {
    const gate = await Gate.open(t, Number(new URL(valkey!).port));
    const told = ['--valkey', valkey!];
    const gated = ['--valkey', `redis://127.0.0.1:${gate.port}`];
    const services = await start(t, ['--poll-interval', '3600'], [gated, told]);
    const { imap, inbound, alice, noErrors } = services;
    const behind = await openInbox(t, imap[0], alice);
    const before = await openInbox(t, imap[1], alice);
    for (const client of [behind, before]) await idle(client);
    const lmtp = await LmtpLoad.open(inbound.ports.lmtp);
    // The first arrives by a message or by the look that follows the subscription: from then on both are subscribed.
    await deliver(lmtp, alice, 'first');
    for (const client of [behind, before]) await until(client, '* 1 EXISTS');

    const heard = await listen(t, valkey!);
    gate.hold();
    for (let count = 2; count <= 4; count++) {
      await deliver(lmtp, alice, `number ${count}`);
      await until(before, `* ${count} EXISTS`);
    }
    await heard.count(3);
    // Messages were sent, and the process is alive: what keeps the change from it is the gate alone.
    const alive = await WireClient.connect(imap[0].ports.imap);
    await alive.nextLine();
    await alive.command('a CAPABILITY');
    alive.close();
    assert.ok(gate.held > 0, 'nothing came to the gate');
    assert.deepEqual(
      behind.unread.filter((line) => line.endsWith('EXISTS')),
      [],
    );
    gate.release();
    await until(behind, '* 4 EXISTS');

    const positions = heard.messages.map((message) => Number(message.split(' ')[1]));
    assert.equal(new Set(heard.messages.map((message) => message.split(' ')[0])).size, 1);
    assert.deepEqual(
      positions,
      positions.map((_, i) => positions[0]! + i),
      'positions without a gap, each told once',
    );
    noErrors();
  });
});

/** Delivered mail, flags, expunges and a POP3 session's deletions, each made through one process and waited for at the others. */
async function everyKindOfChangeCrosses(t: TestContext, { imap, pop3, inbound, alice }: Services) {
  const watcher = await openInbox(t, imap[0], alice);
  const writer = await openInbox(t, imap[1], alice);
  await idle(watcher);
  const lmtp = await LmtpLoad.open(inbound.ports.lmtp);
  for (let count = 1; count <= 4; count++) {
    await deliver(lmtp, alice, `number ${count}`);
    await until(watcher, `* ${count} EXISTS`);
  }
  await writer.command('w1 NOOP');
  await writer.command('w2 STORE 2 +FLAGS (\\Flagged)');
  await until(watcher, /^\* 2 FETCH \(.*FLAGS \(.*\\Flagged/);
  await writer.command('w3 STORE 1 +FLAGS.SILENT (\\Deleted)');
  await writer.command('w4 EXPUNGE');
  await until(watcher, '* 1 EXPUNGE');

  const popped = await Pop3Load.open(pop3.ports.pop3, alice);
  const ids = await popped.uniqueIds();
  assert.equal(ids.length, 3, 'POP3 has what was delivered, without what was expunged');
  await assert.rejects(Pop3Load.open(pop3.ports.pop3, alice), /\[IN-USE\]/);
  // While its maildrop is open, POP3 keeps its numbers; the others go on.
  await deliver(lmtp, alice, 'number 5');
  await until(watcher, '* 4 EXISTS');
  await popped.run('DELE 2');
  await popped.run('QUIT');
  await until(watcher, '* 2 EXPUNGE');

  const again = await Pop3Load.open(pop3.ports.pop3, alice);
  const left = await again.uniqueIds();
  assert.deepEqual(left.slice(0, 2), [ids[0], ids[2]]);
  assert.equal(left.length, 3);
  await again.run('QUIT');
  watcher.send('DONE\r\n');
  await watcher.answer('i');
  for (const client of [watcher, writer]) {
    await client.command('e1 NOOP');
    const seen = await client.command('e2 FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])');
    assert.deepEqual(
      seen.filter((line) => line.startsWith('Subject:')),
      ['Subject: number 2', 'Subject: number 4', 'Subject: number 5'],
    );
    assert.match(seen.join('\n'), /^\* 1 FETCH .*\\Flagged/m);
  }
}

async function openInbox(t: TestContext, server: ServerProcess, { address, password }: TestAccount) {
  const client = await WireClient.connect(server.ports.imap);
  t.after(() => client.close());
  await client.nextLine();
  for (const command of [`l LOGIN ${address} ${password}`, 's SELECT INBOX']) {
    const answer = (await client.command(command)).at(-1);
    assert.match(answer ?? '', /^\w OK/);
  }
  return client;
}

async function idle(client: WireClient): Promise<void> {
  client.send('i IDLE\r\n');
  await until(client, /^\+ /);
}

/** Reads up to a line. What is never said ends with the time limit of the tests. */
async function until(client: WireClient, wanted: string | RegExp): Promise<void> {
  for (;;) {
    const line = await client.nextLine();
    if (line === undefined) throw new Error(`closed before ${wanted}`);
    if (typeof wanted === 'string' ? line.text === wanted : wanted.test(line.text)) return;
  }
}

const deliver = (lmtp: LmtpLoad, { address }: TestAccount, subject: string): Promise<void> =>
  lmtp.deliver([address], Buffer.from(`Subject: ${subject}\r\n\r\nHello.\r\n`), () => undefined);
