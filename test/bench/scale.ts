import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { openEmbeddedStore } from '../../shared/adapters/embedded/store.ts';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, copyMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { MailEngine } from '../../shared/engine/engine.ts';
import { changedSince, everyUid } from '../../shared/engine/mailbox.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { vanishedUids } from '../../shared/engine/vanished.ts';
import { type AccountId, systemEntropy } from '../../shared/ids.ts';
import type { AccountLog } from '../../shared/ports/account-log.ts';
import { fill } from '../budgets/big-account.ts';
import { sampleMessage } from '../support/mail.ts';
import { openIn } from '../support/memory-engine.ts';
import { testClock } from '../support/test-clock.ts';

/**
 * A mailbox of a million messages on the embedded store: `npm run scale [-- --messages N,N] [--write]`. Each size is built in a process of
 * its own; what is measured cold is measured in another. The messages' header records are realistic; their bytes are
 * left out, since nothing here reads them.
 */

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 'MB' | 's' | 'a second';
}

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000,100000,1000000' },
    write: { type: 'boolean', default: false },
    step: { type: 'string' },
    folder: { type: 'string' },
    account: { type: 'string' },
  },
});

/** 'none': entries may name messages whose bytes were never put. */
async function open(folder: string, bodies: 'all' | 'none' = 'all') {
  const store = await openEmbeddedStore({ folder });
  const { log } = store;
  const bodiless: AccountLog = {
    read: (account, after) => log.read(account, after),
    append: (request) =>
      log.append({ ...request, blobs: request.blobs.filter((key) => key.split('/')[2] !== 'm') }),
    readEnd: (id) => log.readEnd(id),
    moveHead: (account, head) => log.moveHead(account, head),
    trim: (account, upTo) => log.trim(account, upTo),
    drop: (account) => log.drop(account),
  };
  const engine = new MailEngine({
    log: bodies === 'all' ? log : bodiless,
    blobs: store.blobs,
    leases: store.leases,
    notifier: store.notifier,
    entropy: systemEntropy,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    frames: new ByteCache(64 << 20),
    idleBytes: 64 * 1024 * 1024,
    inlineBytes: 256 * 1024,
    recordCodec: 'raw',
    scatteredBytes: 2 * 1024 * 1024,
    longTail: 16,
    replacedLifetime: 24 * 3600_000,
    onError: (what, id, cause) => console.error(what, id, cause),
  });
  const close = async () => {
    await engine.close();
    await store.close();
  };
  return { engine, close };
}

async function timed(run: () => unknown): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;
const heldNow = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 1e6;
};

async function deliverOne(account: Account, n: number): Promise<void> {
  const staged = await account.stage(sampleMessage(n));
  if (!staged.ok) throw new Error(staged.error.kind);
  const request = { message: staged.value, flags: [], internalDate: undefined, deliveryId: `scale ${n}` };
  const done = await account.commit(appendMessages('INBOX', [request]));
  if (!done.ok) throw new Error(done.error.kind);
}

/** Of all that the log holds, what is under way already included. */
async function folding(account: Account): Promise<void> {
  await account.settle();
  await account.compact();
}

/** Builds the mailbox: its id on the last line. */
async function build(folder: string, messages: number): Promise<Figure[]> {
  const { engine, close } = await open(folder, 'none');
  const account = await openIn(engine, undefined);
  const filled = await timed(() => fill(account, testClock(), 'INBOX', messages));
  const folded = await timed(() => folding(account));
  await close();
  console.log(JSON.stringify({ account: account.id }));
  return [
    { name: 'building it, a thousand an entry', value: (messages / filled) * 1000, unit: 'a second' },
    { name: 'folding what the log holds then', value: folded / 1000, unit: 's' },
  ];
}

async function measure(folder: string, id: AccountId): Promise<Figure[]> {
  const { engine, close } = await open(folder);
  const before = heldNow();
  const figures: Figure[] = [];
  const note = (name: string, value: number, unit: Figure['unit'] = 'ms') =>
    figures.push({ name, value, unit });
  let account!: Account;
  note('opening the account, cold', await timed(async () => (account = await openIn(engine, id))));
  note('loading INBOX, cold', await timed(() => account.load(inboxId)));
  note('memory for it', heldNow() - before, 'MB');
  const warm: number[] = [];
  for (let i = 0; i < 101; i++)
    warm.push(
      await timed(async () => {
        await account.refresh();
        await account.load(inboxId);
      }),
    );
  note('SELECT or NOOP, warm', median(warm));
  // The first hundred make the log's room and read the tables' pages, however many messages there are.
  for (let i = 0; i < 100; i++) await deliverOne(account, i);
  const deliveries: number[] = [];
  for (let i = 100; i < 201; i++) deliveries.push(await timed(() => deliverOne(account, i)));
  note('delivering one message, one sync each', median(deliveries));
  const inbox = () => account.state.mailboxes.get(inboxId)!;
  let sum = 0;
  note(
    'walking UID and flags of all',
    await timed(() => {
      for (const { length, fixed, marks } of inbox().chunks)
        for (let i = 0; i < length; i++) sum += fixed.uid[i]! ^ marks.flags[i]!;
    }),
  );
  if (sum < 0) throw new Error('never');
  const since = inbox().highestModSeq;
  for (let i = 1; i <= 100; i++) {
    const one = UidSet.of([i * 9]);
    if (i % 4 === 0) await account.commit(expungeMessages(inboxId, one));
    else await account.commit(storeFlags(inboxId, one, 'add', ['\\Flagged']));
  }
  note(
    'resync after 100 changes, warm',
    await timed(async () => {
      await vanishedUids(account, inbox(), since);
      changedSince(inbox(), everyUid, since);
    }),
  );
  const last = inbox().uidNext - 1;
  const numbers = Array.from({ length: 1000 }, (_, i) => Math.max(1, last - 1100 - i));
  note('headers of 1,000, cold', await timed(() => account.records([...new Set(numbers)])));
  const all = async (what: Parameters<typeof account.commit>[0]) => {
    if (!(await account.commit(what as never)).ok) throw new Error('refused');
  };
  note('STORE of all', await timed(() => all(storeFlags(inboxId, everyUid, 'add', ['\\Answered']) as never)));
  note('COPY of all', await timed(() => all(copyMessages('copy', inboxId, everyUid, 'Archive') as never)));
  note('EXPUNGE of all', await timed(() => all(expungeMessages(inboxId, everyUid) as never)));
  note('folding that', await timed(() => folding(account)));
  await close();
  return figures;
}

const run = promisify(execFile);

/** Runs a step in a fresh process: the figures are its last line. */
async function step(name: 'build' | 'measure', folder: string, messages: number, account = '') {
  const args = ['--expose-gc', import.meta.filename, '--step', name, '--folder', folder];
  const { stdout } = await run(
    process.execPath,
    [...args, '--messages', String(messages), '--account', account],
    { maxBuffer: 1 << 20 },
  );
  const lines = stdout.trim().split('\n');
  return { figures: JSON.parse(lines.at(-1)!) as Figure[], lines };
}

function table(sizes: readonly number[], columns: readonly (readonly Figure[])[]): string {
  const head = ['', ...sizes.map((size) => size.toLocaleString('en'))];
  const rows = columns[0]!.map(({ name, unit }, i) => [
    `${name}, ${unit}`,
    ...columns.map((column) => {
      const { value } = column[i]!;
      return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(2);
    }),
  ]);
  return [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

async function main(): Promise<void> {
  const sizes = values.messages.split(',').map(Number);
  const columns: Figure[][] = [];
  for (const messages of sizes) {
    const folder = mkdtempSync(join(tmpdir(), 'restante-scale-'));
    try {
      const built = await step('build', folder, messages);
      const { account } = JSON.parse(built.lines.at(-2)!) as { account: string };
      // Or the disk would still write what building left to it while single syncs are timed.
      await run('sync');
      const measured = await step('measure', folder, messages, account);
      columns.push([...built.figures, ...measured.figures]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${gigabytes} GB, Node.js ${process.versions.node}`;
  const page = `# A mailbox of a million messages

Measured with \`npm run scale -- --write\` on ${new Date().toISOString().slice(0, 10)}, on the embedded store: ${machine}. Shared with
other work, so take single figures with a grain of salt. Each size is built in a process of its own and measured in another, after the disk has
written all, through the engine: what a session adds is its own parsing and writing. Header records are those of realistic messages; bodies are left out,
since nothing measured here reads any.

${table(sizes, columns)}

"Memory for it" is what the process grows by when the account is opened and INBOX loaded. One sync each: the delivery is durable when
it is answered. What these operations may ask of the log and of the blobs is asserted at the same sizes by \`npm run test:budgets\`.
`;
  if (values.write) writeFileSync(new URL('../../docs/scale.md', import.meta.url), page);
  console.log(page);
}

if (values.step === undefined) await main();
else {
  const folder = values.folder!;
  const figures =
    values.step === 'build'
      ? await build(folder, Number(values.messages))
      : await measure(folder, values.account as AccountId);
  console.log(JSON.stringify(figures));
}
