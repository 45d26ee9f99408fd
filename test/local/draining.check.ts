import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { WireClient } from '../imap/wire-client.ts';
import { ServerProcess, type TestAccount } from '../support/server-process.ts';
import { Balancer } from './balancer.ts';

type Ports = Readonly<Record<'imap' | 'pop3' | 'smtp' | 'lmtp' | 'submission', number>>;

/** A conversation by lines: `says` waits for one that begins so, whatever comes before it. */
class Talk {
  readonly #client: WireClient;

  private constructor(client: WireClient) {
    this.#client = client;
  }

  static async open(port: number, protocol: 'imap' | 'other', greeting: string): Promise<Talk> {
    const talk = new Talk(await WireClient.connect(port, undefined, protocol));
    await talk.says(greeting);
    return talk;
  }

  send(text: string): void {
    this.#client.send(text);
  }

  async says(start: string): Promise<string> {
    const before: string[] = [];
    for (;;) {
      const line = await this.#client.nextLine();
      if (line === undefined) throw new Error(`closed before ${start}:\n${before.join('\n')}`);
      if (line.text.startsWith(start)) return line.text;
      before.push(line.text);
    }
  }

  async ask(text: string, start: string): Promise<string> {
    this.send(`${text}\r\n`);
    return this.says(start);
  }

  /** The server says no more. */
  async closed(): Promise<void> {
    const line = await this.#client.nextLine();
    assert.equal(line, undefined);
    this.#client.close();
  }

  close(): void {
    this.#client.close();
  }
}

const message = (subject: string) => `Subject: ${subject}\r\n\r\n${'text\r\n'.repeat(100)}`;

async function imap(ports: Ports, { address, password }: TestAccount): Promise<Talk> {
  const talk = await Talk.open(ports.imap, 'imap', '* OK');
  await talk.ask(`a LOGIN ${address} ${password}`, 'a OK');
  return talk;
}

async function pop3(ports: Ports, { address, password }: TestAccount): Promise<Talk> {
  const talk = await Talk.open(ports.pop3, 'other', '+OK');
  await talk.ask(`USER ${address}`, '+OK');
  await talk.ask(`PASS ${password}`, '+OK');
  return talk;
}

async function smtp(port: number, hello = 'EHLO'): Promise<Talk> {
  const talk = await Talk.open(port, 'other', '220 ');
  await talk.ask(`${hello} client.test`, '250 ');
  return talk;
}

async function submission(ports: Ports, { address, password }: TestAccount): Promise<Talk> {
  const talk = await smtp(ports.submission);
  await talk.ask(`AUTH PLAIN ${Buffer.from(`\0${address}\0${password}`).toString('base64')}`, '235 ');
  return talk;
}

async function begunMessage(talk: Talk, from: string, to: string, subject: string): Promise<Talk> {
  await talk.ask(`MAIL FROM:<${from}>`, '250 ');
  await talk.ask(`RCPT TO:<${to}>`, '250 ');
  await talk.ask('DATA', '354 ');
  talk.send(message(subject));
  return talk;
}

/** Sessions of every kind, and what each must still be able to do after the server was told to stop. */
async function everybody(ports: Ports, alice: TestAccount, bob: TestAccount) {
  const idling = await imap(ports, alice);
  await idling.ask('b SELECT INBOX', 'b OK');
  await idling.ask('c IDLE', '+');
  const waiting = [
    await imap(ports, alice),
    await Talk.open(ports.imap, 'imap', '* OK'),
    await Talk.open(ports.pop3, 'other', '+OK'),
    await smtp(ports.smtp),
    await smtp(ports.lmtp, 'LHLO'),
    await submission(ports, alice),
  ];
  const appending = await imap(ports, alice);
  const text = message('appended');
  await appending.ask(`b APPEND INBOX {${text.length}}`, '+');
  appending.send(text.slice(0, 50));
  const receiving = await begunMessage(await smtp(ports.smtp), 'x@elsewhere.test', alice.address, 'received');
  const submitting = await begunMessage(
    await submission(ports, bob),
    bob.address,
    alice.address,
    'submitted',
  );
  /** Between two commands of a transaction. */
  const begun = await smtp(ports.lmtp, 'LHLO');
  await begun.ask('MAIL FROM:<x@elsewhere.test>', '250 ');
  return {
    async areLetGo() {
      await Promise.all([
        idling.says('* BYE'),
        ...waiting.map(async (talk, i) => talk.says(['* BYE', '* BYE', '-ERR [SYS/TEMP]'][i] ?? '421 4.3.2')),
      ]);
      await Promise.all([idling, ...waiting].map((talk) => talk.closed()));
    },
    async finish() {
      await appending.ask(text.slice(50), 'b OK');
      await receiving.ask('.', '250 ');
      await submitting.ask('.', '250 ');
      await begun.ask(`RCPT TO:<${alice.address}>`, '250 ');
      await begun.ask('DATA', '354 ');
      await begun.ask(`${message('delivered')}.`, '250 ');
      await appending.says('* BYE');
      for (const talk of [receiving, submitting, begun]) await talk.says('421 4.3.2');
      await Promise.all([appending, receiving, submitting, begun].map((talk) => talk.closed()));
    },
  };
}

async function start(t: TestContext, options: readonly string[]) {
  const server = await ServerProcess.start(['--allow-plaintext-auth', ...options]);
  t.after(async () => {
    await server.kill();
    await rm(server.folder, { recursive: true, force: true });
  });
  await server.addDomain();
  return { server, alice: await server.addAccount('alice'), bob: await server.addAccount('bob') };
}

async function subjectsOf({ ports }: ServerProcess, { address, password }: TestAccount): Promise<string[]> {
  const client = await WireClient.connect(ports.imap);
  await client.nextLine();
  await client.command(`a LOGIN ${address} ${password}`);
  await client.command('b SELECT INBOX');
  const lines = await client.command('c FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])');
  client.close();
  return lines.flatMap((line) => /^Subject: (\w+)$/.exec(line)?.[1] ?? []).sort();
}

/** What a new process finds in the folder, of each account. */
async function after(folder: string, ...accounts: readonly TestAccount[]): Promise<string[][]> {
  const server = await ServerProcess.start(['--allow-plaintext-auth', '--drain-seconds', '0'], folder);
  try {
    return await Promise.all(accounts.map((account) => subjectsOf(server, account)));
  } finally {
    await server.terminate();
  }
}

for (const workers of ['1', '2']) {
  test(`SIGTERM before the balancer knows: the ports stay open to the end, and nothing under way is lost (--workers ${workers})`, async (t) => {
    const times = ['--notice-seconds', '1', '--drain-seconds', '30'];
    const { server, alice, bob } = await start(t, [...times, '--workers', workers]);
    const { ports } = server;
    const lmtp = await begunMessage(await smtp(ports.lmtp, 'LHLO'), 'x@elsewhere.test', bob.address, 'old');
    await lmtp.ask('.', '250 ');
    lmtp.close();
    const reader = await pop3(ports, bob);
    await reader.ask('DELE 1', '+OK');
    const sessions = await everybody(ports, alice, bob);

    const ended = server.terminate(120_000);
    await server.logged('process.draining');
    const health = await fetch(`http://127.0.0.1:${ports.http}/readyz`);
    assert.deepEqual([health.status, await health.text()], [503, 'draining\n']);
    // The balancer still sends new clients, and each is served, those too that come when the others are asked to go.
    const early = await imap(ports, alice);
    await sessions.areLetGo();
    const late = await imap(ports, alice);
    await late.ask('b SELECT INBOX', 'b OK');
    const sender = await begunMessage(await smtp(ports.smtp), 'x@elsewhere.test', alice.address, 'late');
    await sender.ask('.', '250 ');
    await sender.ask('QUIT', '221 ');
    await sessions.finish();
    await late.ask('c NOOP', 'c OK');
    await reader.ask('QUIT', '+OK 1 messages deleted');
    for (const talk of [early, late]) talk.close();
    assert.equal(await ended, 0);
    assert.deepEqual(server.errors, []);
    const mail = [['appended', 'delivered', 'late', 'received', 'submitted'], []];
    assert.deepEqual(await after(server.folder, alice, bob), mail);
  });

  test(`the balancer deregisters first: all goes on until SIGTERM, then idle clients go and a maildrop without QUIT is kept (--workers ${workers})`, async (t) => {
    const options = ['--drain-seconds', '15', '--proxy-protocol', '127.0.0.0/8', '--workers', workers];
    const { server, alice, bob } = await start(t, options);
    const balancers = Object.fromEntries(
      await Promise.all(
        (['imap', 'pop3', 'smtp', 'lmtp', 'submission'] as const).map(
          async (name) => [name, await Balancer.before(t, server.ports[name])] as const,
        ),
      ),
    );
    const ports = Object.fromEntries(
      Object.entries(balancers).map(([name, { port }]) => [name, port]),
    ) as Ports;
    const lmtp = await begunMessage(await smtp(ports.lmtp, 'LHLO'), 'x@elsewhere.test', bob.address, 'kept');
    await lmtp.ask('.', '250 ');
    const reader = await pop3(ports, bob);
    await reader.ask('DELE 1', '+OK');
    const busy = await imap(ports, alice);
    const sessions = await everybody(ports, alice, bob);

    for (const balancer of Object.values(balancers)) balancer.deregister();
    await busy.ask('b NOOP', 'b OK');
    await reader.ask('STAT', '+OK 0 0');
    const health = await fetch(`http://127.0.0.1:${server.ports.http}/readyz`);
    assert.equal(health.status, 200);
    const ended = server.terminate(120_000);
    await server.logged('process.draining');
    await Promise.all([sessions.areLetGo(), busy.says('* BYE'), lmtp.says('421 4.3.2')]);
    await sessions.finish();
    await reader.says('-ERR [SYS/TEMP]');
    await reader.closed();
    for (const talk of [busy, lmtp]) talk.close();
    assert.equal(await ended, 0);
    assert.deepEqual(server.errors, []);
    const mail = [['appended', 'delivered', 'received', 'submitted'], ['kept']];
    assert.deepEqual(await after(server.folder, alice, bob), mail);
  });
}
