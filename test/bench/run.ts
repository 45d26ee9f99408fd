/**
 * Measures Restante beside Debian's Dovecot (Maildir and sdbox) on this machine: the same load by the same client on each in turn,
 * several rounds, medians and ratios. Needs root and the packages dovecot-imapd, dovecot-pop3d, dovecot-lmtpd and openssl.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeRun } from './describe-run.ts';
import { dovecot } from './dovecot.ts';
import {
  type Figure,
  missesAim,
  printDurable,
  printDurableTable,
  printFigure,
  printTable,
} from './figures.ts';
import { allUsers, fillAll, type Mail, makeMail } from './mail.ts';
import { restante } from './restante.ts';
import { makeCertificate, restart, type Server } from './server.ts';
import type { Workload } from './workload.ts';
import { workloads } from './workloads/index.ts';

const usage = `npm run bench -- [options]
  --rounds N      times that each is measured (5; 3 with --quick)
  --quick         a tenth of the messages and connections: to see that it works, not how fast
  --only TEXT     what has TEXT in its name; given several times, what has one of them
  --server TEXT   servers that have TEXT in their names, such as restante
  --profile       write a CPU profile of Restante into the current folder
  --out FILE      put the results between the marks in FILE, such as docs/performance.md
`;
const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [''] },
    server: { type: 'string' },
    profile: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}

const chosen = workloads.filter(({ measures }) =>
  measures.some(({ name }) => values.only.some((text) => name.toLowerCase().includes(text.toLowerCase()))),
);
const rounds = Number(values.rounds ?? (values.quick ? 3 : 5));
const sizes = values.quick
  ? { small: 1000, large: 10_000, other: 1000, idle: 200 }
  : { small: 10_000, large: 100_000, other: 3000, idle: 2000 };

async function startAll(folder: string): Promise<Server[]> {
  const certificate = makeCertificate(folder);
  const common = { certificate, accounts: allUsers };
  const profile = ['--cpu-prof', `--cpu-prof-dir=${process.cwd()}`];
  const servers = [
    await restante({
      ...common,
      folder: join(folder, 'restante'),
      nodeOptions: values.profile ? profile : [],
    }),
    await dovecot({ ...common, folder: join(folder, 'maildir'), format: 'maildir' }),
    await dovecot({ ...common, folder: join(folder, 'sdbox'), format: 'sdbox' }),
  ];
  return servers.filter(({ name }) => name.toLowerCase().includes((values.server ?? '').toLowerCase()));
}

/** How long a server does something before it is measured at it: a server runs for weeks, and is not measured in its first seconds. */
const preparedMs = 3000;

/** Round by round, the servers in turn: what else the machine does meets all of them alike. */
async function measure(servers: readonly Server[], workload: Workload, mail: Mail): Promise<Figure[]> {
  const empty = () => servers.map(() => [] as number[]);
  const figures = workload.measures.map((measure) => ({
    measure,
    rounds: empty(),
    ...(workload.writes && { durable: empty() }),
  }));
  const attempt = async (s: number): Promise<readonly number[]> => {
    const server = servers[s]!;
    try {
      return await workload.run(server, mail);
    } catch (cause) {
      faults.push(`${workload.measures[0]!.name}, ${server.name}: ${(cause as Error).message}`);
      console.error(faults.at(-1));
      return [];
    }
  };
  const run = async (s: number, into: 'rounds' | 'durable') => {
    for (const [m, figure] of (await attempt(s)).entries()) figures[m]?.[into]?.[s]?.push(figure);
  };
  const prepare = async (s: number) => {
    const end = performance.now() + preparedMs;
    for (let done: readonly number[] = [0]; done.length > 0 && performance.now() < end; )
      done = await attempt(s);
  };
  const inTurn = async (which: readonly number[], into: 'rounds' | 'durable') => {
    if (!workload.unprepared) for (const s of which) await prepare(s);
    for (let round = 0; round < Math.min(rounds, workload.rounds ?? rounds); round++)
      for (const s of which) await run(s, into);
  };
  await inTurn([...servers.keys()], 'rounds');
  if (workload.writes) {
    const others = [...servers.keys()].filter((s) => !servers[s]!.alwaysDurable);
    for (const s of others) await restart(servers[s]!, 'durable');
    await inTurn(others, 'durable');
    for (const s of others) await restart(servers[s]!);
  }
  for (const { rounds, durable } of figures)
    for (const [s, { alwaysDurable }] of servers.entries())
      if (durable && alwaysDurable) durable[s] = rounds[s]!;
  return figures;
}

const faults: string[] = [];
const figures: Figure[] = [];
const startedAt = performance.now();
const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(0)} s`;
const folder = mkdtempSync(join(tmpdir(), 'restante-bench-'));
chmodSync(folder, 0o755);
const servers = await startAll(folder);
try {
  const mail = makeMail(sizes);
  for (const server of servers) {
    const since = performance.now();
    await server.start('filling');
    await fillAll(server, mail, {
      large: chosen.some(({ large }) => large === true),
      other: chosen.some(({ other }) => other === true),
    });
    await server.stop();
    await server.settle();
    await server.start('measuring');
    console.error(`${server.name}: filled in ${seconds(since)}`);
  }
  for (const workload of chosen)
    for (const figure of await measure(servers, workload, mail)) {
      figures.push(figure);
      console.log(printFigure(figure));
      if (figure.durable) console.log(`  all durable: ${printDurable(figure)}`);
    }
} finally {
  for (const server of servers) await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

const missed = figures.filter(missesAim).map(({ measure }) => measure.name);
console.log(missed.length === 0 ? 'every aim is met' : `aims missed: ${missed.join('; ')}`);
console.error(`${seconds(startedAt)} in all`);
if (values.out !== undefined) {
  const [begin, finish] = ['<!-- results -->', '<!-- end of results -->'];
  const page = readFileSync(values.out, 'utf8');
  const names = servers.map(({ name }) => name);
  const tables = [printTable(names, figures), printDurableTable(names, figures)].join('\n\n');
  const [before, after] = [page.indexOf(begin), page.indexOf(finish)];
  if (before < 0 || after < before) throw new Error(`${values.out} has no marks for the results`);
  const results = `${begin}\n\n${describeRun(rounds, sizes)}\n\n${tables}\n\n`;
  writeFileSync(values.out, page.slice(0, before) + results + page.slice(after));
}
process.exit(faults.length === 0 ? 0 : 1);
