import { appendCommand, type Mail, manyUsers, workUser } from '../mail.ts';
import { restart, type Server } from '../server.ts';
import { type Endpoint, imap, lmtp, type Wire, withImap } from '../wire.ts';
import { equal, type Measure, timed, type Workload } from '../workload.ts';
import { deliver, stuffed, trim } from './append.ts';

const pushes = 15;

/** From the first octet of a delivery by LMTP to the EXISTS that an idling client sees, and from the delivery's answer. */
async function pushLatency(server: Server, mail: Mail): Promise<readonly number[]> {
  const idle = await imap(server.imap, workUser);
  const before = Number(/(\d+) EXISTS/.exec((await idle.command('SELECT INBOX')).text)![1]);
  idle.write('i1 IDLE\r\n');
  await idle.line();
  const sender = await lmtp(server.lmtp);
  const whole: number[] = [];
  const afterAnswer: number[] = [];
  for (let i = 0; i < pushes; i++) {
    const content = stuffed(mail.short[i % mail.short.length]!);
    const start = performance.now();
    let answered = 0;
    const sent = deliver(sender, workUser, content).then(() => {
      answered = performance.now();
    });
    for (let line = await idle.line(); line !== `* ${before + i + 1} EXISTS`; ) line = await idle.line();
    const seen = performance.now();
    await sent;
    whole.push(seen - start);
    afterAnswer.push(Math.max(0.001, seen - answered));
  }
  idle.close();
  sender.close();
  await trim(server, workUser, before);
  const middle = (list: number[]) => list.sort((a, b) => a - b)[list.length >> 1]!;
  return [middle(whole), middle(afterAnswer)];
}

/**
 * Octets of memory that each further connection costs that sits in IDLE on INBOX, two seconds after the last was opened, where a quarter as
 * many were open before: what a process and an account take once is not what a connection costs.
 */
const idleMemory = (measure: Measure, pick: (server: Server) => Endpoint): Workload => ({
  measures: [measure],
  rounds: 1,
  unprepared: true,
  run: async (server, mail) => {
    await restart(server);
    const wires: Wire[] = [];
    const openUntil = async (count: number): Promise<number> => {
      while (wires.length < count) {
        const users = Array.from(
          { length: Math.min(50, count - wires.length) },
          (_, i) => manyUsers[(wires.length + i) % manyUsers.length]!,
        );
        wires.push(...(await Promise.all(users.map((user) => idling(pick(server), user)))));
      }
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return server.memory();
    };
    const first = Math.floor(mail.idle / 4);
    const before = await openUntil(first);
    const after = await openUntil(first + mail.idle);
    for (const wire of wires) wire.close();
    return [(after - before) / 1024 / mail.idle];
  },
});

async function idling(endpoint: Endpoint, user: string): Promise<Wire> {
  const wire = await imap(endpoint, user);
  await wire.command('SELECT INBOX');
  wire.write('i IDLE\r\n');
  await wire.line();
  return wire;
}

const clients = 32;
const turns = 5;

/** Clients of accounts of their own, all at once, each with a bit of everything. */
async function mixed(server: Server, mail: Mail): Promise<readonly number[]> {
  const users = manyUsers.slice(0, clients);
  const counts: number[] = [];
  const ms = await timed(() =>
    Promise.all(
      users.map(async (user, u) => {
        const wire = await imap(server.imap, user);
        for (let turn = 0; turn < turns; turn++) {
          await wire.pipeline([appendCommand([mail.samples[(u * turns + turn) % mail.samples.length]!])]);
          await wire.command('SELECT INBOX');
          counts.push((await wire.command('UID FETCH 1:* (FLAGS ENVELOPE)')).count(' FETCH ('));
          await wire.command('UID STORE 1:* +FLAGS.SILENT (\\Seen)');
          await wire.command('UID SEARCH UNSEEN');
          await wire.command('UID FETCH 1:* BODY.PEEK[]');
        }
        wire.close();
      }),
    ),
  );
  const kept = await withImap(server.imap, users[0]!, async (wire) =>
    Number(/(\d+) EXISTS/.exec((await wire.command('SELECT INBOX')).text)![1]),
  );
  for (const user of users) await trim(server, user, kept - turns);
  equal(
    'messages shown',
    counts.reduce((sum, count) => sum + count),
    clients * turns * (kept - turns + (turns + 1) / 2),
  );
  return [ms];
}

export const connectionWorkloads: readonly Workload[] = [
  {
    measures: [
      { name: 'push to an idling client, from the start of the delivery', unit: 'ms', aim: 10 },
      { name: 'push to an idling client, from the answer to the delivery', unit: 'ms', aim: 10 },
    ],
    run: pushLatency,
  },
  { measures: [{ name: 'mixed load of 32 clients', unit: 'ms', aim: 1 }], writes: true, run: mixed },
  idleMemory(
    { name: 'memory of an idle connection, plain', unit: 'KB each', aim: 10 },
    (server) => server.imap,
  ),
  idleMemory(
    { name: 'memory of an idle connection, TLS', unit: 'KB each', aim: 10 },
    (server) => server.imaps,
  ),
];
