/**
 * Several servers on one data folder, one of them of two worker processes, serve one account under load, with the command line beside them.
 *
 * Each client has mailboxes that it alone changes (test/crash/model.ts), so that what must be in them follows from the answers it got. It goes
 * from process to process; after each visit another process must show what it did, while the others still work. Observers at every server keep
 * their caches by what they are told; when all rest, one NOOP must bring each of them to the model. In every second stage a server, or one
 * worker, is killed with SIGKILL; what was under way there happened wholly or not at all, and the others go on. No client has enough before
 * one of the processes has folded the log, with changes of this stage in it.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ImapLoad } from '../crash/connections.ts';
import { Ledger } from '../crash/ledger.ts';
import { difference } from '../crash/model.ts';
import { appender, changer, deliverer, pop3Reader, type Worker } from '../crash/workers.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { ServerProcess, type TestAccount } from '../support/server-process.ts';
import { commandsOfStage, undoMailbox } from './commands.ts';
import { Observer } from './observer.ts';

export interface StagesOptions {
  readonly stages: number;
  readonly seed: number;
  /** A line for each stage. */
  readonly report: (line: string) => void;
}

export interface StagesSummary {
  readonly acknowledged: number;
  /** Changes without an answer when their process was killed, and how many of them had been made. */
  readonly underWay: number;
  readonly made: number;
  /** Reads at another process that equalled the model while the rest went on. */
  readonly reads: number;
  readonly looks: number;
  readonly commands: number;
  readonly messages: number;
}

const options = ['--allow-plaintext-auth', '--trusted-networks', '127.0.0.0/8,::1/128'];
const optionsOf = (at: number) => (at === 2 ? [...options, '--workers', '2'] : options);
const visitsPerStage = 2;

/** It must have been folded within so many changes: a tail of 192 entries is folded while it grows, and an entry has a few changes at most. */
const enoughChanges = 3_000;

/** The last entry of the one log there is, and the last that is folded. */
function logIn(dataFolder: string): { readonly last: number; readonly folded: number } {
  const database = new DatabaseSync(join(dataFolder, 'restante.db'), { readOnly: true });
  try {
    const highest = (table: 'entries' | 'heads') =>
      Number(database.prepare(`SELECT coalesce(max(position), 0) AS position FROM ${table}`).get()?.position);
    return { last: highest('entries'), folded: highest('heads') };
  } finally {
    database.close();
  }
}

/** Throws, with what is wrong in the message, at the first thing that is not as it must be. */
export async function loadProcesses({ stages, seed, report }: StagesOptions): Promise<StagesSummary> {
  const servers = [await ServerProcess.start(options)];
  const { folder } = servers[0] as ServerProcess;
  const at = (index: number) => servers[index % servers.length] as ServerProcess;
  try {
    servers.push(
      await ServerProcess.start(optionsOf(1), folder),
      await ServerProcess.start(optionsOf(2), folder),
    );
    await at(0).addDomain();
    const account: TestAccount = await at(0).addAccount('one');
    const workers: readonly Worker[] = [
      appender(account, 'Single', 1, 1),
      appender(account, 'Multi', 1, 5),
      appender(account, 'Ahead', 6, 1),
      changer(account, 'Work', 'Kept'),
      changer(account, 'Busy', 'Done'),
      deliverer([account], 'Lists'),
      pop3Reader(account),
    ];
    const lanes = workers.flatMap((worker) => worker.lanes.map(({ lane }) => lane));
    const watched = lanes.flatMap((lane) => lane.mailboxes.map((mailbox) => ({ mailbox, lane })));
    const making = await ImapLoad.open(at(0).ports.imap, account);
    for (const { mailbox } of [...watched, { mailbox: undoMailbox }])
      if (mailbox !== 'INBOX') await making.run(`CREATE ${mailbox}`);
    await making.run('LOGOUT');

    const ledger = new Ledger();
    const sum = { acknowledged: 0, underWay: 0, made: 0, reads: 0, looks: 0, commands: 0 };
    let tokens = 0;
    for (let stage = 1; stage <= stages; stage++) {
      const draw = new SeededRandom(seed, stage);
      const before = { ...sum, log: logIn(at(0).dataFolder) };
      const isFolded = () => logIn(at(0).dataFolder).folded > before.log.last;
      // Stages 2, 6, …: a whole server; 4, 8, …: one worker of the third.
      const victim = stage % 2 === 1 ? undefined : stage % 4 === 2 ? draw.integer(0, 1) : 2;
      const wanted = draw.integer(40, 160);
      const dead = Promise.withResolvers<void>();
      let dying = false;
      const kill = async () => {
        dying = true;
        if (victim !== 2) return at(victim ?? 0).kill();
        const { pid } = await at(2).logged('worker.ready', stage / 4);
        process.kill(pid as number, 'SIGKILL');
        await at(2).logged('worker.ended', stage / 4);
      };
      const acknowledged = () => {
        sum.acknowledged++;
        if (sum.acknowledged - before.acknowledged > enoughChanges && !isFolded())
          throw new Error(`no compaction within ${enoughChanges} changes`);
        if (victim !== undefined && sum.acknowledged - before.acknowledged === wanted)
          void kill().then(dead.resolve, dead.reject);
      };
      const safe = [0, 1, 2].filter((index) => index !== victim);

      const observers = await Promise.all(
        [0, 1, 2].flatMap((index) =>
          watched.map(async ({ mailbox, lane }) => ({
            index,
            lane,
            observer: await Observer.open(at(index), account, mailbox),
          })),
        ),
      );
      let resting = false;
      const watching = observers.map(async ({ index, observer }) => {
        try {
          while (!resting) {
            await observer.look();
            sum.looks++;
          }
        } catch (cause) {
          if (!(dying && index === victim)) throw cause;
        }
      });
      // They are waited for below: where something else fails first, their servers are killed under them, and that is not what is to be told.
      for (const each of watching) each.catch(() => undefined);

      const visit = async (worker: Worker, number: number, random: SeededRandom): Promise<void> => {
        let changes = random.integer(10, 40);
        const [where, reader] = [random.pick(dying ? safe : [0, 1, 2]), random.pick(safe)];
        let cut = false;
        try {
          await worker.run({
            server: at(where),
            random,
            token: () => `s${stage}-${tokens++}`,
            acknowledged() {
              changes--;
              acknowledged();
            },
            // At the end of its first visit, a client stays until the victim is dead: there is something to cut.
            enough: () => changes <= 0 && (victim === undefined || dying || number > 0) && isFolded(),
          });
        } catch (cause) {
          if (!(dying && where === victim))
            throw new Error(`stage ${stage}, ${worker.name}: ${cause}`, { cause });
          cut = true;
          await dead.promise;
        }
        for (const { lane } of worker.lanes) {
          const found = await ledger.read(at(reader), account, lane.mailboxes, false);
          sum.underWay += lane.underWay.length;
          const wrong = cut ? undefined : difference(found, lane.state);
          if (wrong)
            throw new Error(`stage ${stage}, ${worker.name}, process ${reader} after ${where}: ${wrong}`);
          sum.made += lane.settle(found);
          sum.reads++;
        }
      };
      const clients = workers.map(async (worker, index) => {
        const random = new SeededRandom(seed, stage * 100 + index);
        for (let number = 0; number < visitsPerStage; number++) await visit(worker, number, random);
      });
      const commandLine = commandsOfStage(
        stage,
        { one: at(safe[0] ?? 0), other: at(safe[1] ?? 0) },
        account,
        ledger,
      );
      await Promise.all([...clients, commandLine]);
      sum.commands += await commandLine;
      if (victim !== undefined) await dead.promise;
      resting = true;
      await Promise.all(watching);

      for (const { index, lane, observer } of observers) {
        if (index === victim) continue;
        await observer.look();
        const wrong = observer.difference(lane.state);
        if (wrong) throw new Error(`stage ${stage}, cache of a client at process ${index}: ${wrong}`);
        await observer.close();
      }
      for (const server of servers) {
        const errors = server.errors.filter((line) => !(victim === 2 && line.includes('"worker.ended"')));
        if (errors.length > (server === at(2) ? Math.floor(stage / 4) : 0) && victim !== 2)
          throw new Error(`stage ${stage}: a server logged ${errors.at(-1)}`);
      }
      if (victim === 0 || victim === 1) servers[victim] = await ServerProcess.start(options, folder);
      ledger.messages = 0;
      for (const server of servers)
        for (const lane of lanes) {
          const wrong = difference(
            await ledger.read(server, account, lane.mailboxes, stage === stages),
            lane.state,
          );
          if (wrong)
            throw new Error(`stage ${stage}, process ${servers.indexOf(server)} when all rest: ${wrong}`);
        }
      const happened =
        victim === undefined ? '' : `, ${victim === 2 ? 'a worker' : `process ${victim}`} killed`;
      report(
        `stage ${stage}: ${sum.acknowledged - before.acknowledged} changes acknowledged${happened}, ${sum.underWay - before.underWay} cut off; ` +
          `${sum.reads - before.reads} reads elsewhere, ${sum.looks - before.looks} looks, ${sum.commands - before.commands} commands, ` +
          `entries after ${before.log.last} folded; all equal the model`,
      );
    }
    const messages = ledger.messages / servers.length;
    for (const server of servers.slice(1)) {
      const code = await server.terminate();
      if (code !== 0) throw new Error(`a server exited with ${code}`);
    }
    await at(0).restante(['verify', '--deep']);
    const code = await at(0).stop();
    if (code !== 0) throw new Error(`the first server exited with ${code}`);
    return { ...sum, messages };
  } finally {
    for (const server of servers) await server.kill();
    await rm(folder, { recursive: true, force: true });
  }
}
