import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { AwsAccountLog } from '../../shared/adapters/aws/account-log.ts';
import { AwsBlobStore } from '../../shared/adapters/aws/blob-store.ts';
import { Calls } from '../../shared/adapters/aws/calls.ts';
import { createBucketClient, createTableClient } from '../../shared/adapters/aws/clients.ts';
import { AwsLeases } from '../../shared/adapters/aws/leases.ts';
import { AwsNotifier } from '../../shared/adapters/aws/notifier.ts';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, initialiseAccount, storeFlags } from '../../shared/engine/actions.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { MailEngine } from '../../shared/engine/engine.ts';
import { inlineLimit } from '../../shared/engine/entry.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { collect } from '../../shared/engine/message-index.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { type AccountId, newAccountId, systemEntropy } from '../../shared/ids.ts';
import { sharedEmulators } from '../adapters/aws-ground.ts';
import type { AwsEmulators } from '../support/aws-emulators.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { type FaultCounts, faultyObjects, faultyTables } from './faulty-clients.ts';

const seeds = Number(process.env.RESTANTE_TEST_SEEDS) || 3;
const writers = 4;
const messagesEach = 12;

describe('faults at the edge of the SDK', () => {
  const emulators = sharedEmulators();
  const counts: FaultCounts = new Map();
  after(() => assert.equal(counts.size, 8, 'every kind of fault came'));
  for (let seed = 1; seed <= seeds; seed++)
    test(`what was acknowledged is there once, what was refused is not (seed ${seed})`, async (t) => {
      const account = newAccountId(systemEntropy);
      const fates = new Map<string, Fate>();
      const started = await emulators();
      const first = openEngine(started, seed, 0, counts, 0);
      await withAccount(first.engine, account, async (opened) => {
        assert.ok((await opened.commit(initialiseAccount(undefined))).ok);
      });
      const nodes = [1, 2].map((stream) => openEngine(started, seed, 0.3, counts, stream));
      await Promise.all(
        Array.from({ length: writers }, (_, i) => write(nodes[i % 2]!.engine, account, `${i}`, fates)),
      );
      for (const node of nodes) await node.close();
      // What timed out before its effect may still take place for a moment.
      await new Promise((resolve) => setTimeout(resolve, 100));
      await withAccount(first.engine, account, async (opened) => {
        await opened.catchUp();
        await check(opened, fates);
        await opened.compact();
      });
      await first.close();
      const fresh = openEngine(started, seed, 0, counts, 3);
      await withAccount(fresh.engine, account, (opened) => check(opened, fates));
      await fresh.close();
      const told = [...fates.values()];
      t.diagnostic(`${told.filter((fate) => fate === 'done').length} of ${told.length} acknowledged`);
      t.diagnostic([...counts].map(([name, count]) => `${name}: ${count}`).join(', '));
      assert.ok(told.filter((fate) => fate === 'done').length > told.length / 2);
    });
});

/** What a writer was told of its message. */
type Fate = 'done' | 'refused' | 'unknown';

function openEngine(
  emulators: AwsEmulators,
  seed: number,
  probability: number,
  counts: FaultCounts,
  stream: number,
) {
  const random = new SeededRandom(seed, stream);
  const tables = createTableClient(emulators.tables);
  const objects = createBucketClient(emulators.objects);
  const faults = { random, probability, counts };
  const calls = new Calls(
    { attemptMs: 10_000, totalMs: 60_000, attempts: 6 },
    {
      // Waits as ever, in a hundredth of the time.
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 100)),
      random: () => random.next(),
      now: Date.now,
    },
  );
  const client = faultyTables(tables, faults);
  const log = new AwsAccountLog({ client, table: emulators.logTable, calls });
  const blobs = new AwsBlobStore({
    client: faultyObjects(objects, faults),
    bucket: emulators.bucket,
    tiering: false,
    calls,
  });
  const notifier = new AwsNotifier({ grownBeyond: (id, after) => log.grownBeyond(id, after), pollMs: 500 });
  const engine = new MailEngine({
    log,
    blobs,
    leases: new AwsLeases({ client, table: emulators.directoryTable, calls }),
    notifier,
    entropy: systemEntropy,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 10)),
    frames: new ByteCache(1024 * 1024),
    inlineBytes: inlineLimit,
    replacedLifetime: 24 * 3600_000,
    // A compaction that gives up is no loss: the next one follows.
    onError: () => {},
  });
  return {
    engine,
    async close() {
      await engine.close();
      await notifier.close();
      tables.destroy();
      objects.destroy();
    },
  };
}

/** Tries to open it until that succeeds: faults hit reads as well. */
async function withAccount(
  engine: MailEngine,
  id: AccountId,
  use: (account: Account) => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const opened = await engine.open(id);
    if (!opened.ok) {
      assert.ok(attempt < 20, opened.error.kind);
      continue;
    }
    try {
      return await use(opened.value.account);
    } finally {
      opened.value.release();
    }
  }
}

const bodyOf = (subject: string): Buffer =>
  Buffer.from(`Subject: ${subject}\r\nMessage-ID: <${subject}@example.test>\r\n\r\n${subject}\r\n`);

/** Delivers messages one after another; a fate that is not known is made one by delivering again, as a sender does. */
async function write(engine: MailEngine, id: AccountId, writer: string, fates: Map<string, Fate>) {
  for (let number = 0; number < messagesEach; number++) {
    const subject = `m-${writer}-${number}`;
    await withAccount(engine, id, async (account) => {
      fates.set(subject, await deliver(account, subject));
      if (fates.get(subject) === 'unknown' && number % 2) {
        const again = await deliver(account, subject);
        if (again === 'done') fates.set(subject, again);
      }
      if (number % 4 === 3) await account.commit(storeFlags(inboxId, everyUid, 'add', ['\\Seen']));
    });
  }
}

async function deliver(account: Account, subject: string): Promise<Fate> {
  const staged = await account.stage(bodyOf(subject));
  if (!staged.ok) return 'refused';
  const request = { message: staged.value, flags: [], internalDate: undefined, deliveryId: subject };
  const outcome = await account.commit(appendMessages('INBOX', [request]));
  if (outcome.ok) return 'done';
  return outcome.error.kind === 'unsettled' ? 'unknown' : 'refused';
}

async function check(account: Account, fates: ReadonlyMap<string, Fate>): Promise<void> {
  await account.load(inboxId);
  const mailbox = account.state.mailboxes.get(inboxId)!;
  const rows = [...rowsOf(mailbox.chunks)];
  const records = await account.records(rows.map(({ message }) => message));
  const found = new Map<string, number>();
  for (const [i, { envelope }] of records.entries()) {
    const subject = envelope.subject!;
    found.set(subject, (found.get(subject) ?? 0) + 1);
    assert.deepEqual(
      Buffer.from(await collect((await account.body(rows[i]!.message)).body)),
      bodyOf(subject),
    );
  }
  for (const [subject, fate] of fates) {
    const times = found.get(subject) ?? 0;
    if (fate === 'done') assert.equal(times, 1, `${subject} was acknowledged and is there ${times} times`);
    if (fate === 'refused') assert.equal(times, 0, `${subject} was refused and is there`);
    assert.ok(times <= 1, `${subject} is there ${times} times`);
  }
  const uids = rows.map(({ uid }) => uid);
  assert.deepEqual(
    uids,
    [...new Set(uids)].sort((a, b) => a - b),
  );
}
