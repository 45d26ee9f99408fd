import { largeUser, type Mail, otherUser, smallUser } from '../mail.ts';
import { restart, type Server } from '../server.ts';
import { type Answer, imap, pop3, withImap } from '../wire.ts';
import { each, equal, type Measure, timed, type Workload } from '../workload.ts';

/** What Thunderbird asks for to fill its list of messages. */
const thunderbird =
  'UID FETCH 1:* (UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (From To Cc Bcc Subject Date Message-ID Priority X-Priority References Newsgroups In-Reply-To Content-Type Reply-To)])';
const structure = 'FETCH 1:* (ENVELOPE BODYSTRUCTURE)';
const bodies = 1000;

/** How often a server has answered for another account before it is measured with one that is cold. */
const servedBefore = 5;

/** Times a FETCH on a mailbox where it has been answered before. */
const warm = (
  measure: Measure,
  command: string,
  repeat: number,
  { user = smallUser, count = ({ small }: Mail) => small } = {},
): Workload => ({
  measures: [measure],
  ...(user === largeUser && { large: true }),
  run: (server, mail) =>
    withImap(server.imap, user, async (wire) => {
      await wire.command('SELECT INBOX');
      // The first one of a session may do what the others need not.
      await wire.command(command);
      const answers: Answer[] = [];
      const ms = await each(repeat, async () => answers.push(await wire.command(command)));
      for (const answer of answers) answer.expect(' FETCH (', count(mail));
      return [ms];
    }),
});

/** SELECT, since that is what loads the mailbox, and a FETCH of all of it. */
async function openAndFetch(server: Server, user: string, command: string, count: number): Promise<number> {
  return withImap(server.imap, user, async (wire) => {
    let answer: Answer | undefined;
    const ms = await timed(async () => {
      await wire.command('SELECT INBOX');
      answer = await wire.command(command);
    });
    answer?.expect(' FETCH (', count);
    return ms;
  });
}

/** The first FETCH of a server that was just started. */
const justStarted = (measure: Measure, command: string): Workload => ({
  measures: [measure],
  unprepared: true,
  run: async (server, mail) => {
    // What it keeps on disk of earlier answers is part of how it works.
    await openAndFetch(server, smallUser, command, mail.small);
    await restart(server);
    return [await openAndFetch(server, smallUser, command, mail.small)];
  },
});

/** The first FETCH of an account on a server that has served another account. */
const cold = (measure: Measure, command: string): Workload => ({
  measures: [measure],
  other: true,
  unprepared: true,
  run: async (server, mail) => {
    await openAndFetch(server, smallUser, command, mail.small);
    await restart(server);
    for (let i = 0; i < servedBefore; i++)
      for (const other of [thunderbird, structure]) await openAndFetch(server, otherUser, other, mail.other);
    return [await openAndFetch(server, smallUser, command, mail.small)];
  },
});

/** Octets of the first messages, as both protocols send them. */
const octetsOf = (mail: Mail, count: number): number =>
  mail.samples.slice(0, count).reduce((sum, { length }) => sum + length, 0);

async function bodiesByImap(server: Server, mail: Mail): Promise<readonly number[]> {
  const count = Math.min(bodies, mail.small);
  const wire = await imap(server.imap, smallUser);
  await wire.command('SELECT INBOX');
  const ask = `FETCH 1:${count} BODY.PEEK[]`;
  await wire.command(ask);
  const answers: Answer[] = [];
  const atOnce = await each(3, async () => answers.push(await wire.command(ask)));
  const oneByOne = await each(200, async (i) =>
    answers.push(await wire.command(`UID FETCH ${1 + (i % count)} BODY.PEEK[]`)),
  );
  wire.close();
  for (const [i, answer] of answers.entries()) {
    answer.expect(' FETCH (', i < 3 ? count : 1);
    const octets = i < 3 ? octetsOf(mail, count) : mail.samples[(i - 3) % count]!.length;
    const said = answer.bytes.length;
    if (said < octets || said > octets + 100 * (i < 3 ? count : 2))
      throw new Error(`${said} octets, not ${octets}`);
  }
  return [atOnce, oneByOne];
}

async function bodiesByPop3(server: Server, mail: Mail): Promise<readonly number[]> {
  const count = Math.min(bodies, mail.small);
  const wire = await pop3(server.pop3, smallUser);
  let octets = 0;
  const ms = await timed(async () => {
    for (let number = 1; number <= count; number++) {
      wire.write(`RETR ${number}\r\n`);
      octets += (await wire.untilEnd('\r\n.\r\n')).bytes.length;
    }
  });
  await wire.expect('QUIT', '+OK');
  wire.close();
  const wanted = octetsOf(mail, count);
  if (octets < wanted || octets > wanted * 1.02 + 100 * count)
    throw new Error(`${octets} octets, not ${wanted}`);
  return [ms];
}

async function uidl(server: Server, mail: Mail): Promise<readonly number[]> {
  let answer: Answer | undefined;
  const ms = await timed(async () => {
    const wire = await pop3(server.pop3, smallUser);
    wire.write('UIDL\r\n');
    answer = await wire.untilEnd('\r\n.\r\n');
    await wire.expect('QUIT', '+OK');
    wire.close();
  });
  answer?.expect('\n', mail.small + 2);
  equal('identifiers', new Set(answer?.text.match(/(?<=^\d+ )\S+(?=\r$)/gm)).size, mail.small);
  return [ms];
}

export const fetchWorkloads: readonly Workload[] = [
  warm({ name: 'FLAGS of 10,000', unit: 'ms', aim: 3 }, 'UID FETCH 1:* (FLAGS)', 10),
  warm({ name: 'FLAGS of 100,000', unit: 'ms', aim: 3 }, 'UID FETCH 1:* (FLAGS)', 3, {
    user: largeUser,
    count: ({ large }) => large,
  }),
  cold({ name: "Thunderbird's header fetch of 10,000, cold", unit: 'ms', aim: 3 }, thunderbird),
  justStarted(
    { name: "Thunderbird's header fetch of 10,000, just started", unit: 'ms', aim: 3 },
    thunderbird,
  ),
  warm({ name: "Thunderbird's header fetch of 10,000, warm", unit: 'ms', aim: 3 }, thunderbird, 2),
  cold({ name: 'ENVELOPE BODYSTRUCTURE of 10,000, cold', unit: 'ms', aim: 3 }, structure),
  justStarted({ name: 'ENVELOPE BODYSTRUCTURE of 10,000, just started', unit: 'ms', aim: 3 }, structure),
  warm({ name: 'ENVELOPE BODYSTRUCTURE of 10,000, warm', unit: 'ms', aim: 3 }, structure, 2),
  {
    measures: [
      { name: '1,000 bodies by IMAP, one command', unit: 'ms', aim: 1 },
      { name: 'bodies by IMAP, a command each', unit: 'ms each', aim: 1 },
    ],
    run: bodiesByImap,
  },
  { measures: [{ name: '1,000 bodies by POP3', unit: 'ms', aim: 1 }], run: bodiesByPop3 },
  { measures: [{ name: 'POP3 session with UIDL of 10,000', unit: 'ms', aim: 3 }], run: uidl },
];
