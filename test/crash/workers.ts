import type { SeededRandom } from '../support/seeded-random.ts';
import type { ServerProcess, TestAccount } from '../support/server-process.ts';
import { ImapLoad, LmtpLoad, Pop3Load } from './connections.ts';
import { messageOf } from './message.ts';
import { type Change, Lane } from './model.ts';

/** What a worker has in a round. */
export interface Round {
  readonly server: ServerProcess;
  readonly random: SeededRandom;
  /** A name for a message that no other has. */
  token(): string;
  /** Called after each answer that acknowledges something. */
  acknowledged(): void;
  /** Whether the client has had enough: asked between commands. */
  enough(): boolean;
}

/** A client that changes what is in its lanes until it has had enough, or the server is gone, which it says by throwing. */
export interface Worker {
  readonly name: string;
  readonly account: TestAccount;
  readonly lanes: readonly { readonly account: TestAccount; readonly lane: Lane }[];
  run(round: Round): Promise<void>;
}

const flagSets = [[], ['\\Seen'], ['\\Flagged', '\\Seen'], ['$Label1'], ['\\Answered', 'Work']] as const;
/** Tokens have no characters that an address or a flag could not have. */
const pickSome = (random: SeededRandom, uids: readonly number[], most: number): number[] => {
  const from = random.integer(0, Math.max(0, uids.length - 1));
  return uids.slice(from, from + random.integer(1, most)).filter(() => random.chance(0.8));
};

const append = (session: ImapLoad, { mailbox, tokens, flags }: Extract<Change, { kind: 'append' }>): string =>
  session.send(
    `APPEND ${mailbox}`,
    ...tokens.flatMap((token) => [` (${flags.join(' ')}) `, messageOf(token)]),
  );

/** Appends to a mailbox: `burst` commands at once, each of up to `together` messages. */
export function appender(account: TestAccount, mailbox: string, burst: number, together: number): Worker {
  const lane = new Lane([mailbox]);
  return {
    name: `APPEND to ${mailbox}`,
    account,
    lanes: [{ account, lane }],
    async run({ server, random, token, acknowledged, enough }) {
      const session = await ImapLoad.open(server.ports.imap, account);
      while (!enough()) {
        const tags = Array.from({ length: random.integer(1, burst) }, () => {
          const tokens = Array.from({ length: random.integer(1, together) }, token);
          const change = { kind: 'append', mailbox, tokens, flags: random.pick(flagSets) } as const;
          lane.begin(change);
          return append(session, change);
        });
        for (const tag of tags) {
          await session.answer(tag);
          lane.acknowledge();
          acknowledged();
        }
      }
      await session.run('LOGOUT');
    },
  };
}

/** Changes flags, copies, moves and expunges in a mailbox, several commands at once, and appends what it runs out of. */
export function changer(account: TestAccount, mailbox: string, other: string): Worker {
  const lane = new Lane([mailbox, other]);
  const uidsNow = () => [...(lane.expected.get(mailbox)?.messages.keys() ?? [])];
  const draw = ({ random, token }: Round): Change => {
    const uids = uidsNow();
    if (uids.length < 20) {
      const tokens = Array.from({ length: random.integer(1, 12) }, token);
      return { kind: 'append', mailbox, tokens, flags: random.pick(flagSets) };
    }
    const dice = random.next();
    const flags = random.pick(flagSets);
    if (dice < 0.3) return { kind: 'addFlags', mailbox, uids: pickSome(random, uids, 500), flags };
    if (dice < 0.6) return { kind: 'setFlags', mailbox, uids: pickSome(random, uids, 10), flags };
    if (dice < 0.75) return { kind: 'expunge', mailbox, uids: pickSome(random, uids, 6) };
    const kind = dice < 0.87 ? 'copy' : 'move';
    return { kind, mailbox, uids: pickSome(random, uids, 5), to: other };
  };
  const send = (session: ImapLoad, change: Change): readonly string[] => {
    if (change.kind === 'append') return [append(session, change)];
    const set = change.uids.join(',');
    switch (change.kind) {
      case 'addFlags':
        return [session.send(`UID STORE ${set} +FLAGS (${change.flags.join(' ')})`)];
      case 'setFlags':
        return [session.send(`UID STORE ${set} FLAGS (${change.flags.join(' ')})`)];
      case 'expunge':
        return [
          session.send(`UID STORE ${set} +FLAGS.SILENT (\\Deleted)`),
          session.send(`UID EXPUNGE ${set}`),
        ];
      case 'copy':
      case 'move':
        return [session.send(`UID ${change.kind.toUpperCase()} ${set} ${change.to}`)];
    }
  };
  return {
    name: `STORE, EXPUNGE, COPY and MOVE in ${mailbox}`,
    account,
    lanes: [{ account, lane }],
    async run(round) {
      const session = await ImapLoad.open(round.server.ports.imap, account);
      await session.run(`SELECT ${mailbox}`);
      while (!round.enough()) {
        const answers: string[] = [];
        for (let burst = round.random.integer(1, 4); burst > 0; burst--) {
          const change = draw(round);
          if (change.kind !== 'append' && change.uids.length === 0) continue;
          // Flags and EXPUNGE are two commands, and so two changes.
          if (change.kind === 'expunge') lane.begin({ ...change, kind: 'addFlags', flags: ['\\Deleted'] });
          lane.begin(change);
          answers.push(...send(session, change));
        }
        for (const tag of answers) {
          await session.answer(tag);
          lane.acknowledge();
          round.acknowledged();
        }
      }
      await session.run('LOGOUT');
    },
  };
}

/**
 * Delivers to a mailbox of one account or of several, by the address's detail, one message at a time. What was not answered is
 * delivered again in the next round, as a mail server does that cannot know: what an account had taken before is there twice then.
 */
export function deliverer(
  accounts: readonly TestAccount[],
  mailbox: string,
): Worker & { repeated(): number } {
  const lanes = accounts.map((account) => ({ account, lane: new Lane([mailbox]) }));
  let unanswered: { token: string; targets: readonly (typeof lanes)[number][] } | undefined;
  let repeated = 0;
  return {
    name: `LMTP to ${mailbox}`,
    account: accounts[0] as TestAccount,
    lanes,
    repeated: () => repeated,
    async run({ server, token, acknowledged, enough }) {
      const session = await LmtpLoad.open(server.ports.lmtp);
      while (!enough()) {
        if (unanswered) repeated++;
        const { token: name, targets } = unanswered ?? { token: token(), targets: lanes };
        for (const { lane } of targets) lane.begin({ kind: 'append', mailbox, tokens: [name], flags: [] });
        const recipients = targets.map(({ account }) =>
          account.address.replace('@', `+${mailbox.toLowerCase()}@`),
        );
        unanswered = { token: name, targets };
        await session.deliver(recipients, messageOf(name), (at) => {
          targets[at]?.lane.acknowledge();
          const left = targets.slice(at + 1);
          unanswered = left.length === 0 ? undefined : { token: name, targets: left };
          acknowledged();
        });
      }
    },
  };
}

/** Fills an INBOX by LMTP and deletes some of it by POP3; a unique id must mean the same message for ever. */
export function pop3Reader(account: TestAccount): Worker {
  const lane = new Lane(['INBOX']);
  const uniqueIds = new Map<number, string>();
  return {
    name: 'POP3',
    account,
    lanes: [{ account, lane }],
    async run({ server, random, token, acknowledged, enough }) {
      const lmtp = await LmtpLoad.open(server.ports.lmtp);
      while (!enough()) {
        for (let count = random.integer(1, 6); count > 0; count--) {
          const name = token();
          lane.begin({ kind: 'append', mailbox: 'INBOX', tokens: [name], flags: [] });
          await lmtp.deliver([account.address], messageOf(name), () => lane.acknowledge());
          acknowledged();
        }
        const uids = [...(lane.state.get('INBOX')?.messages.keys() ?? [])];
        const session = await Pop3Load.open(server.ports.pop3, account);
        const ids = await session.uniqueIds();
        if (ids.length !== uids.length)
          throw new Error(`POP3 shows ${ids.length} of ${uids.length} messages`);
        for (const [at, uid] of uids.entries()) {
          const id = ids[at] ?? '';
          const before = uniqueIds.get(uid) ?? id;
          if (before !== id) throw new Error(`the unique id of UID ${uid} is ${id} and was ${before}`);
          uniqueIds.set(uid, id);
        }
        const gone = uids.filter(() => random.chance(0.4));
        for (const uid of gone) await session.run(`DELE ${uids.indexOf(uid) + 1}`);
        lane.begin({ kind: 'expunge', mailbox: 'INBOX', uids: gone });
        await session.run('QUIT');
        lane.acknowledge();
        acknowledged();
      }
    },
  };
}
