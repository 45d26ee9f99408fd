/**
 * `node test/bench/workers.ts [--rounds 3] [--seconds 3]`: one process beside `--workers 2`, in turn, under the load of 32 IMAP clients over TLS. The clients share the
 * machine, in one process: on two cores, what they take is not the server's.
 */
import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import { parseArgs } from 'node:util';
import { ImapLoad } from '../crash/connections.ts';
import { ServerProcess, type TestAccount } from '../support/server-process.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, seconds: { type: 'string', default: '3' } },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const clients = 32;
const messages = 400;

const message = (at: number) =>
  Buffer.from(
    `From: a${at % 37}@example.test\r\nSubject: message ${(at * 7919) % messages}\r\nMessage-ID: <m${at}@example.test>\r\n\r\n${`${'0123456789abcdef'.repeat(4)}\r\n`.repeat(230)}`,
  );

/** Sends a line and waits for the answer with its tag, reading no more of it than its end. */
async function ask(socket: TLSSocket, tag: string, line: string): Promise<void> {
  socket.write(`${tag} ${line}\r\n`);
  await new Promise<void>((resolve, reject) => {
    let tail = '';
    const take = (chunk: Buffer) => {
      tail = (tail + chunk.toString('latin1', Math.max(0, chunk.length - 2000))).slice(-2000);
      if (!tail.includes(`${tag} OK`)) return;
      socket.off('data', take).off('close', gone);
      resolve();
    };
    const gone = () => reject(new Error(`closed: ${tail}`));
    socket.on('data', take).on('close', gone);
  });
}

async function open(server: ServerProcess, { address, password }: TestAccount): Promise<TLSSocket> {
  const socket = connect({ port: server.ports.imaps, host: '127.0.0.1', ca: readFileSync(server.caFile) });
  await new Promise((resolve, reject) => socket.once('data', resolve).once('error', reject));
  socket.on('error', () => {});
  await ask(socket, 'l0', `LOGIN ${address} ${password}`);
  return socket;
}

/** Commands a second of all clients. */
async function rate(step: (client: number) => Promise<void>): Promise<number> {
  const end = performance.now() + seconds * 1000;
  let done = 0;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      for (; performance.now() < end; done++) await step(client);
    }),
  );
  console.error(`${done} commands`);
  return (done * 1000) / (performance.now() - start);
}

async function measure(workers: number): Promise<Readonly<Record<string, number>>> {
  const server = await ServerProcess.start([
    '--workers',
    String(workers),
    '--allow-plaintext-auth',
    '--trusted-networks',
    '127.0.0.0/8,::1/128',
    '--log-level',
    'info',
  ]);
  try {
    await server.addDomain();
    const accounts = await Promise.all(['a', 'b', 'c', 'd'].map((name) => server.addAccount(name)));
    for (const account of accounts) {
      const session = await ImapLoad.open(server.ports.imap, account);
      for (let at = 0; at < messages; at += 50)
        await session.run(
          'APPEND INBOX',
          ...Array.from({ length: 50 }, (_, i) => [' ', message(at + i)]).flat(),
        );
      await session.run('LOGOUT');
    }
    const whose = (client: number) => accounts[(client >> 1) % accounts.length] as TestAccount;
    const sockets = await Promise.all(
      Array.from({ length: clients }, (_, client) => open(server, whose(client))),
    );
    for (const socket of sockets) await ask(socket, 's0', 'SELECT INBOX');
    let tag = 0;
    const each = (line: string) => (client: number) => ask(sockets[client] as TLSSocket, `t${++tag}`, line);
    const figures = {
      '100 bodies of 15 KB': await rate(each('FETCH 1:100 BODY.PEEK[]')),
      'SORT of 400': await rate(each('UID SORT (SUBJECT) UTF-8 ALL')),
      'STORE of one': await rate((client) =>
        each(`STORE ${client + 1} ${tag % 2 ? '+' : '-'}FLAGS (\\Flagged)`)(client),
      ),
      'connection with TLS and sign-in': await rate(async (client) => {
        const socket = await open(server, whose(client));
        await ask(socket, 'q1', 'LOGOUT');
        socket.destroy();
      }),
    };
    for (const socket of sockets) socket.destroy();
    return figures;
  } finally {
    await server.stop();
  }
}

const found: { workers: number; figures: Readonly<Record<string, number>> }[] = [];
for (let round = 0; round < rounds; round++)
  for (const workers of [1, 2]) found.push({ workers, figures: await measure(workers) });
const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
for (const name of Object.keys(found[0]?.figures ?? {})) {
  const [one = 0, two = 0] = [1, 2].map((count) =>
    median(found.filter(({ workers }) => workers === count).map(({ figures }) => figures[name] ?? 0)),
  );
  console.log(
    `${name}: ${one.toFixed(0)} a second by one process, ${two.toFixed(0)} by two workers, ratio ${(two / one).toFixed(2)}`,
  );
}
