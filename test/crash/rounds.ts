/**
 * A server process under load, killed with SIGKILL at a moment drawn from a seed and started again on the same store, round after round.
 *
 * What is checked after every restart: each change that was acknowledged is there; each that was not is there wholly or not at all, and
 * of several sent ahead on one connection, the first few; nothing is there twice; UIDs keep their meaning and are not given again;
 * UIDVALIDITY is the same; UIDNEXT and mod-sequences only grow; messages have their octets; POP3's unique ids stay.
 *
 * Three of four kills wait for a compaction, which begins under load where a tail is long, and come while it runs or right after it: with
 * half of its objects there, or a head that has moved a moment ago, an account must be what it was.
 *
 * A delivery by LMTP whose answer was lost is repeated after the restart, as mail servers do. The promise is that it is never lost;
 * a message that had been taken before the crash arrives a second time then, since nothing in LMTP tells a repetition from a second
 * message with the same octets, and the memory of unanswered attempts (services/inbound/retries.ts) ends with the process.
 *
 * On AWS what stands in for DynamoDB and S3 stays up: requests that were under way at the kill are done or not, as they will be there. The
 * leases that the process held are made to lapse at once, which takes minutes otherwise: until then its POP3 maildrops are in use.
 *
 * What it cannot show: SIGKILL ends the process, not the machine. What the process had written and not synced survives in the page
 * cache, so a missing sync is not found here, only a missing write or one in the wrong order.
 */
import { rm } from 'node:fs/promises';
import { SeededRandom } from '../support/seeded-random.ts';
import { ServerProcess, type TestAccount } from '../support/server-process.ts';
import { openServerStore, type ServerStore, type storeKinds } from '../support/server-store.ts';
import { CompactionWatch, type Meeting } from './compaction-watch.ts';
import { ImapLoad } from './connections.ts';
import { Ledger } from './ledger.ts';
import { appender, changer, deliverer, pop3Reader, type Worker } from './workers.ts';

export interface CrashOptions {
  readonly rounds: number;
  readonly seed: number;
  /** How many changes are acknowledged in a round before the kill, at the least and at the most. */
  readonly changes: readonly [number, number];
  /** 'embedded' unless given. */
  readonly store?: (typeof storeKinds)[number];
  /** A line for each round. */
  readonly report: (line: string) => void;
}

export interface CrashSummary {
  readonly acknowledged: number;
  /** Changes without an answer when the server died, and how many of them had been made. */
  readonly underWay: number;
  readonly made: number;
  /** Deliveries by LMTP that were repeated after a restart. */
  readonly repeated: number;
  /** At the end. */
  readonly messages: number;
  /** Rounds in which a compactor moved an account's head. */
  readonly compactions: number;
  /** Rounds that ended while a compaction ran, and right after one had moved a head. */
  readonly within: number;
  readonly after: number;
}

const options = ['--allow-plaintext-auth', '--trusted-networks', '127.0.0.0/8,::1/128'];

/** Where the kill of a round comes, in turn: while a compaction runs, when one has ended, as soon as one has begun, wherever the server is. */
const moments = ['amid', 'end', 'beginning', 'anywhere'] as const;
/** So far into a compaction at most, ms: on a machine that does nothing else, some have ended by then. */
const amid = 60;

/**
 * Lets all workers change what they will until the drawn number of changes is acknowledged, and kills the server at the next moment of the
 * round's kind. How many were acknowledged, and what the kill met.
 */
async function load(
  server: ServerProcess,
  workers: readonly Worker[],
  at: number,
  watch: CompactionWatch,
  { seed, changes }: CrashOptions,
): Promise<{ readonly acknowledged: number; readonly meeting: Meeting }> {
  const draw = new SeededRandom(seed, at);
  const wanted = draw.integer(...changes);
  const moment = moments[(at - 1) % moments.length];
  // At once, so that what was acknowledged last is at stake, or within the work that follows it.
  const delay = moment === 'amid' ? draw.integer(1, amid) : draw.chance(0.5) ? 0 : draw.integer(1, 8);
  const killed = Promise.withResolvers<void>();
  let acknowledged = 0;
  let dying = false;
  let tokens = 0;
  const kill = (): void => {
    if (dying) return;
    dying = true;
    const now = () => server.kill().then(killed.resolve, killed.reject);
    if (delay === 0) void now();
    else setTimeout(now, delay);
  };
  const running = workers.map((worker, index) =>
    worker
      .run({
        server,
        random: new SeededRandom(seed, at * 1000 + index + 1),
        token: () => `r${at}-${tokens++}`,
        enough: () => false,
        acknowledged() {
          acknowledged++;
          if (acknowledged < wanted || dying) return;
          if (moment === 'anywhere') return kill();
          const wait = moment === 'end' ? 'ended' : 'running';
          watch.sees().then((sight) => sight[wait] && kill(), killed.reject);
        },
      })
      .catch((cause) => {
        // Before the kill, nothing may go wrong; after it, everything ends.
        if (!dying) killed.reject(new Error(`${worker.name}: ${cause}`, { cause }));
      }),
  );
  await killed.promise;
  await Promise.all(running);
  return { acknowledged, meeting: await watch.meeting() };
}

async function makeMailboxes(server: ServerProcess, workers: readonly Worker[]): Promise<void> {
  for (const { account, lane } of workers.flatMap(({ lanes }) => lanes)) {
    const session = await ImapLoad.open(server.ports.imap, account);
    for (const name of lane.mailboxes) if (name !== 'INBOX') await session.run(`CREATE ${name}`);
    await session.run('LOGOUT');
  }
}

/** Throws, with what is wrong in the message, at the first thing that is not as it must be. */
export async function crashRounds(asked: CrashOptions): Promise<CrashSummary> {
  const store = await openServerStore(asked.store ?? 'embedded');
  try {
    return await roundsOn(store, asked);
  } finally {
    await store.stop();
  }
}

async function roundsOn(store: ServerStore, asked: CrashOptions): Promise<CrashSummary> {
  const { rounds, report } = asked;
  let server = await ServerProcess.start(options, undefined, store.environment);
  try {
    await server.addDomain();
    const one: TestAccount = await server.addAccount('one');
    const two: TestAccount = await server.addAccount('two');
    const delivery = deliverer([one], 'Lists');
    const shared = deliverer([one, two], 'Both');
    const workers: readonly Worker[] = [
      appender(one, 'Single', 1, 1),
      appender(one, 'Multi', 1, 5),
      appender(one, 'Ahead', 6, 1),
      changer(one, 'Work', 'Kept'),
      changer(two, 'Busy', 'Done'),
      delivery,
      shared,
      pop3Reader(two),
    ];
    await makeMailboxes(server, workers);
    const ledger = new Ledger();
    const total = { acknowledged: 0, underWay: 0, made: 0, compactions: 0, within: 0, after: 0 };
    const look = () => store.folding(server);
    let { heads: folded } = await look();
    for (let at = 1; at <= rounds; at++) {
      const watch = await CompactionWatch.start(look);
      const { acknowledged, meeting } = await load(server, workers, at, watch, asked);
      if (server.errors.length > 0) throw new Error(`the server logged ${server.errors[0]}`);
      await store.letLeasesLapse();
      server = await ServerProcess.start(options, server.folder, store.environment);
      ledger.messages = 0;
      let [underWay, made] = [0, 0];
      for (const { name, lanes } of workers)
        for (const { account, lane } of lanes) {
          const found = await ledger.read(server, account, lane.mailboxes, at === rounds);
          underWay += lane.underWay.length;
          try {
            made += lane.settle(found);
          } catch (cause) {
            throw new Error(`round ${at}, ${name}, ${account.address}: ${(cause as Error).message}`, {
              cause,
            });
          }
        }
      const { heads } = await look();
      if (heads < folded) throw new Error(`round ${at}: a head went back`);
      if (heads > folded) total.compactions++;
      folded = heads;
      if (meeting === 'within') total.within++;
      if (meeting === 'right after') total.after++;
      total.acknowledged += acknowledged;
      total.underWay += underWay;
      total.made += made;
      report(
        `round ${at}: killed ${meeting === 'apart' ? 'apart from' : meeting} a compaction after ${acknowledged} acknowledged changes ` +
          `with ${underWay} under way, ${made} of which were made; ` +
          `${ledger.messages} messages, all as they must be`,
      );
    }
    if ((total.within + total.after) * 2 < rounds)
      throw new Error(`only ${total.within + total.after} of ${rounds} kills met a compaction`);
    const code = await server.stop();
    if (code !== 0) throw new Error(`the server exited with ${code}`);
    const repeated = delivery.repeated() + shared.repeated();
    return { ...total, repeated, messages: ledger.messages };
  } finally {
    await server.kill();
    await rm(server.folder, { recursive: true, force: true });
  }
}
