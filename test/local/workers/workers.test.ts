import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { ImapLoad, LmtpLoad } from '../../crash/connections.ts';
import { WireClient } from '../../imap/wire-client.ts';
import { ServerProcess, type TestAccount } from '../../support/server-process.ts';

let server: ServerProcess;
let account: TestAccount;

before(async () => {
  server = await ServerProcess.start(['--workers', '2', '--allow-plaintext-auth']);
  await server.addDomain();
  account = await server.addAccount('one');
});
after(async () => {
  await server.kill();
  await rm(server.folder, { recursive: true, force: true });
});

/** Waits for the tagged answer, or for a line that begins so. */
async function until(client: WireClient, start: string): Promise<string> {
  for (;;) {
    const line = await client.nextLine();
    assert.ok(line, `closed before ${start}`);
    if (line.text.startsWith(start)) return line.text;
  }
}

/** A session that idles in INBOX. */
async function idling(): Promise<WireClient> {
  const client = await WireClient.connect(server.ports.imap);
  client.send(`a LOGIN ${account.address} ${account.password}\r\nb SELECT INBOX\r\nc IDLE\r\n`);
  await until(client, '+');
  return client;
}

const metrics = async () => (await fetch(`http://127.0.0.1:${server.ports.http}/metrics`)).text();
const figure = (page: string, series: string) =>
  Number(
    page
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.split(' ')[1],
  );

test('connections go to the workers in turn, and a change by one wakes who idles at the other', async () => {
  // Two of them, one after the other: one at each worker, whoever takes the delivery.
  const clients = [await idling(), await idling()];
  const lmtp = await LmtpLoad.open(server.ports.lmtp);
  await lmtp.deliver([account.address], Buffer.from('Subject: news\r\n\r\ntext\r\n'), () => {});
  for (const client of clients) assert.equal(await until(client, '* 1 EXISTS'), '* 1 EXISTS');
  const page = await metrics();
  assert.equal(figure(page, 'restante_workers_ready'), 2);
  assert.equal(figure(page, 'restante_connections_open{service="imap"}'), 2);
  assert.ok((await fetch(`http://127.0.0.1:${server.ports.http}/readyz`)).ok);
  const perProcess = [1, 2].map((nth) =>
    server.logged('worker.ready', nth).then(({ pid }) => connectionsOf(pid)),
  );
  const open = await Promise.all(perProcess);
  assert.ok(
    open.every((count) => count > 0),
    `established connections: ${open}`,
  );
  for (const client of clients) client.close();
});

/** Sockets to the IMAP port that the process has open, by the kernel's tables. */
function connectionsOf(pid: unknown): number {
  const port = `:${server.ports.imap.toString(16).toUpperCase().padStart(4, '0')} `;
  const sockets = readFileSync(`/proc/${pid}/net/tcp`, 'utf8')
    .split('\n')
    .filter((line) => (line.trim().split(/\s+/)[1] ?? '').concat(' ').endsWith(port))
    .map((line) => `socket:[${line.trim().split(/\s+/)[9]}]`);
  const openFiles = readdirSync(`/proc/${pid}/fd`).map((name) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`);
    } catch {
      return '';
    }
  });
  return openFiles.filter((target) => sockets.includes(target)).length;
}

test('a worker that dies is replaced on the same ports, and sessions at the others go on', async () => {
  const { pid } = await server.logged('worker.ready');
  const sessions = [
    await ImapLoad.open(server.ports.imap, account),
    await ImapLoad.open(server.ports.imap, account),
  ];
  process.kill(pid as number, 'SIGKILL');
  const ended = await server.logged('worker.ended');
  assert.deepEqual([ended.pid, ended.signal, ended.againInMs], [pid, 'SIGKILL', 0]);
  const outcomes = await Promise.allSettled(sessions.map((session) => session.run('SELECT INBOX')));
  assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const again = await server.logged('worker.ready', 3);
  assert.equal(again.worker, ended.worker);
  for (let i = 0; i < 4; i++) {
    const session = await ImapLoad.open(server.ports.imap, account);
    await session.run('SELECT INBOX');
    await session.run('LOGOUT');
  }
  const page = await metrics();
  assert.equal(figure(page, 'restante_workers_replaced_total'), 1);
  assert.ok(figure(page, 'restante_imap_commands_total{command="select",outcome="ok"}') >= 5, page);
});

test('SIGTERM says goodbye at all workers, and the folder is let go', async () => {
  const clients = [await idling(), await idling()];
  const stopped = server.stop();
  for (const client of clients) await until(client, '* BYE');
  for (const client of clients) client.close();
  assert.equal(await stopped, 0);
});

test('a port in use is told once, and nothing is left running', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  await assert.rejects(
    ServerProcess.start(['--workers', '2', '--imaps', String(port)]),
    /imaps: cannot listen .*in use; choose another port with --imaps/,
  );
});
