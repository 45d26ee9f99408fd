import { appendCommand, type Mail, manyUsers, workUser } from '../mail.ts';
import type { Server } from '../server.ts';
import { lmtp, type Wire, withImap } from '../wire.ts';
import { each, equal, type Measure, timed, type Workload } from '../workload.ts';

/** Runs `use` on an empty mailbox of its own, which must hold `count` messages after it. */
async function inMailbox(
  server: Server,
  count: number,
  use: (wire: Wire, mailbox: string) => Promise<number>,
): Promise<number> {
  return withImap(server.imap, workUser, async (wire) => {
    await wire.command('CREATE Fresh');
    const figure = await use(wire, 'Fresh');
    (await wire.command('STATUS Fresh (MESSAGES)')).expect(`MESSAGES ${count})`, 1);
    await wire.command('DELETE Fresh');
    return figure;
  });
}

const sample = (mail: Mail, i: number): Buffer => mail.samples[i % mail.samples.length]!;

/** APPENDs that are sent without waiting for answers, `group` messages to a command. */
const pipelined = (measure: Measure, count: number, group: number): Workload => ({
  measures: [measure],
  writes: true,
  run: async (server, mail) => [
    await inMailbox(server, count, async (wire, mailbox) => {
      const commands = Array.from({ length: count / group }, (_, c) =>
        appendCommand(
          Array.from({ length: group }, (_, i) => sample(mail, c * group + i)),
          mailbox,
        ),
      );
      return (await timed(() => wire.pipeline(commands))) / count;
    }),
  ],
});

const lineEnd = Buffer.from('\r\n');
const finalDot = Buffer.from('.\r\n');

/** RFC 5321 §4.5.2. */
export function stuffed(message: Buffer): Buffer {
  const dots = message.includes('\r\n.')
    ? Buffer.from(message.toString('latin1').replaceAll('\r\n.', '\r\n..'), 'latin1')
    : message;
  const ended = message.subarray(-2).equals(lineEnd) ? [] : [lineEnd];
  return Buffer.concat([dots, ...ended, finalDot]);
}

/** One delivery: the envelope in one write, as PIPELINING allows, and then the message. */
export async function deliver(wire: Wire, user: string, content: Buffer): Promise<void> {
  wire.write(`MAIL FROM:<a@elsewhere.test>\r\nRCPT TO:<${user}>\r\nDATA\r\n`);
  for (const code of ['250', '250', '354']) {
    const line = await wire.line();
    if (!line.startsWith(code)) throw new Error(line);
  }
  wire.write(content);
  const line = await wire.line();
  if (!line.startsWith('250')) throw new Error(line);
}

/** Deliveries to as many users as there are connections; what came is expunged after it was counted. */
const delivering = (measure: Measure, connections: number, count: number): Workload => ({
  measures: [measure],
  writes: true,
  run: async (server, mail) => {
    const users = connections === 1 ? [workUser] : manyUsers.slice(0, connections);
    const before = await Promise.all(users.map((user) => messagesOf(server, user)));
    const contents = Array.from({ length: count }, (_, i) => stuffed(sample(mail, i)));
    const wires = await Promise.all(users.map(() => lmtp(server.lmtp)));
    const ms = await timed(() =>
      Promise.all(
        wires.map(async (wire, w) => {
          for (let i = w; i < count; i += connections) await deliver(wire, users[w]!, contents[i]!);
        }),
      ),
    );
    for (const wire of wires) wire.close();
    let came = 0;
    for (const [i, user] of users.entries()) {
      came += (await messagesOf(server, user)) - before[i]!;
      await trim(server, user, before[i]!);
    }
    equal('messages delivered', came, count);
    return [ms / count];
  },
});

const messagesOf = (server: Server, user: string): Promise<number> =>
  withImap(server.imap, user, async (wire) =>
    Number(/MESSAGES (\d+)/.exec((await wire.command('STATUS INBOX (MESSAGES)')).text)![1]),
  );

/** Expunges all but the first `keep` messages of INBOX. */
export const trim = (server: Server, user: string, keep: number): Promise<void> =>
  withImap(server.imap, user, async (wire) => {
    await wire.command('SELECT INBOX');
    await wire.command(`STORE ${keep + 1}:* +FLAGS.SILENT (\\Deleted)`);
    await wire.command('EXPUNGE');
  });

export const appendWorkloads: readonly Workload[] = [
  {
    measures: [{ name: 'APPEND, one at a time', unit: 'ms each', aim: 1 }],
    writes: true,
    run: async (server, mail) => [
      await inMailbox(server, 200, (wire, mailbox) =>
        each(200, (i) => wire.pipeline([appendCommand([sample(mail, i)], mailbox)])),
      ),
    ],
  },
  pipelined({ name: 'APPEND, pipelined', unit: 'ms each', aim: 3 }, 1000, 1),
  pipelined({ name: 'MULTIAPPEND of 50', unit: 'ms each', aim: 3 }, 1000, 50),
  delivering({ name: 'LMTP, one connection', unit: 'ms each', aim: 3 }, 1, 300),
  delivering({ name: 'LMTP, 16 connections', unit: 'ms each', aim: 3 }, 16, 960),
];
