import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { AwsAccountLog } from '../../shared/adapters/aws/account-log.ts';
import { createTableClient } from '../../shared/adapters/aws/clients.ts';
import { AwsNotifier } from '../../shared/adapters/aws/notifier.ts';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { MailEngine } from '../../shared/engine/engine.ts';
import { inlineLimit } from '../../shared/engine/entry.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { initialiseAccount } from '../../shared/engine/mailbox-actions.ts';
import { collect } from '../../shared/engine/message-index.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { type AccountId, type LogPosition, newAccountId, systemEntropy } from '../../shared/ids.ts';
import { sharedEmulators } from '../adapters/aws-ground.ts';
import type { AwsEmulators } from '../support/aws-emulators.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import type { FaultCounts } from './faulty-clients.ts';
import { openFaultyStore } from './faulty-store.ts';

const seeds = Number(process.env.RESTANTE_TEST_SEEDS) || 2;
const writers = 4;
const messagesEach = 12;

describe('faults at the edge of the SDK', () => {
  const emulators = sharedEmulators();
  const counts: FaultCounts = new Map();
  after(() => assert.equal(counts.size, 8, 'every kind of fault came'));
  for (let seed = 1; seed <= seeds; seed++)
    test(`what was acknowledged is there once, what was refused is not (seed ${seed})`, async (t) => {
      const account = newAccountId(systemEntropy);
      const told: Told = { fates: new Map(), uids: new Map() };
      const started = await emulators();
      const first = openEngine(started, seed, 0, counts, 0);
      const initialise = async (opened: Account) =>
        assert.ok((await opened.commit(initialiseAccount(undefined))).ok);
      await withAccount(first.engine, account, initialise, 'perhapsEmpty');
      const nodes = [1, 2].map((stream) => openEngine(started, seed, 0.3, counts, stream));
      await Promise.all(
        Array.from({ length: writers }, (_, i) => write(nodes[i % 2]!.engine, account, `${i}`, told)),
      );
      for (const node of nodes) await node.close();
      await withAccount(first.engine, account, async (opened) => {
        await opened.catchUp();
        await check(opened, told);
        await opened.compact();
      });
      await first.close();
      const fresh = openEngine(started, seed, 0, counts, 3);
      await withAccount(fresh.engine, account, (opened) => check(opened, told));
      await fresh.close();
      const fates = [...told.fates.values()];
      const done = fates.filter((fate) => fate === 'done' || fate === 'gone').length;
      t.diagnostic(`${done} of ${fates.length} acknowledged`);
      t.diagnostic([...counts].map(([name, count]) => `${name}: ${count}`).join(', '));
      assert.ok(done > fates.length / 2);
      assert.ok(fates.includes('gone'));
    });
});

describe('a position that is taken', () => {
  const emulators = sharedEmulators();
  test('its occupant comes with the refusal: nothing more is asked', async (t) => {
    const started = await emulators();
    const client = createTableClient(started.tables);
    t.after(() => client.destroy());
    const sent: string[] = [];
    const watched = {
      send: (command: { readonly constructor: { readonly name: string } }, options: object) => {
        sent.push(command.constructor.name);
        return client.send(command as never, options);
      },
    } as Pick<DynamoDBClient, 'send'>;
    const late = new AwsAccountLog({ client: watched, table: started.logTable });
    const early = new AwsAccountLog({ client, table: started.logTable });
    const account = newAccountId(systemEntropy);
    // Both have seen the end of the log, one is quicker.
    await late.read(account, 0 as LogPosition);
    const request = { account, position: 1 as LogPosition, blobs: [], readAt: Date.now() };
    assert.deepEqual(await early.append({ ...request, bytes: Buffer.from('first') }), { kind: 'done' });
    sent.length = 0;
    const outcome = await late.append({ ...request, bytes: Buffer.from('second') });
    assert.equal(outcome.kind, 'taken');
    assert.equal(outcome.occupant && Buffer.from(outcome.occupant).toString(), 'first');
    assert.deepEqual(sent, ['PutItemCommand']);
  });
});

/** What a writer was told of its message; 'gone': delivered, and expunged since. */
type Fate = 'done' | 'refused' | 'unknown' | 'gone';

interface Told {
  readonly fates: Map<string, Fate>;
  /** Every UID that an answer has named, and the message that it is of for ever. */
  readonly uids: Map<number, string>;
}

function openEngine(
  emulators: AwsEmulators,
  seed: number,
  probability: number,
  counts: FaultCounts,
  stream: number,
) {
  const store = openFaultyStore(emulators, { random: new SeededRandom(seed, stream), probability, counts });
  const { log, blobs, leases } = store;
  const notifier = new AwsNotifier({ grownBeyond: (id, after) => log.grownBeyond(id, after), pollMs: 500 });
  const engine = new MailEngine({
    log,
    blobs,
    leases,
    notifier,
    entropy: systemEntropy,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 10)),
    frames: new ByteCache(1024 * 1024),
    idleBytes: 64 * 1024 * 1024,
    inlineBytes: inlineLimit,
    recordCodec: 'zstd',
    scatteredBytes: 2 * 1024 * 1024,
    longTail: 3,
    replacedLifetime: 24 * 3600_000,
    // A compaction that gives up is no loss: the next one follows.
    onError: () => {},
  });
  return {
    engine,
    async close() {
      await engine.close();
      await notifier.close();
      await store.quiet();
      store.close();
    },
  };
}

/** Tries to open it until that succeeds: faults hit reads as well. */
async function withAccount(
  engine: MailEngine,
  id: AccountId,
  use: (account: Account) => Promise<void>,
  log: 'begun' | 'perhapsEmpty' = 'begun',
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const opened = await engine.open(id, 'staying', log);
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

/**
 * Delivers messages one after another, and expunges some; a fate that is not known is made one by delivering again, as a
 * sender does.
 */
async function write(engine: MailEngine, id: AccountId, writer: string, told: Told): Promise<void> {
  for (let number = 0; number < messagesEach; number++) {
    const subject = `m-${writer}-${number}`;
    await withAccount(engine, id, async (account) => {
      let fate = await deliver(account, subject, told);
      if (fate === 'unknown' && number % 2 && (await deliver(account, subject, told)) === 'done')
        fate = 'done';
      told.fates.set(subject, fate);
      if (number % 4 === 3) await account.commit(storeFlags(inboxId, everyUid, 'add', ['\\Seen']));
      // The newest message as well: its UID is the one that a log with a lost entry would give again.
      if (number % 3 === 2) await remove(account, subject, told);
    });
  }
}

async function deliver(account: Account, subject: string, { uids }: Told): Promise<Fate> {
  const staged = await account.stage(bodyOf(subject));
  if (!staged.ok) return 'refused';
  const request = { message: staged.value, flags: [], internalDate: undefined, deliveryId: subject };
  const outcome = await account.commit(appendMessages('INBOX', [request]));
  if (!outcome.ok) return outcome.error.kind === 'unsettled' ? 'unknown' : 'refused';
  for (const uid of outcome.value.uids) {
    assert.equal(uids.get(uid) ?? subject, subject, `UID ${uid} was given twice`);
    uids.set(uid, subject);
  }
  return 'done';
}

/** Expunges a message whose UID the writer knows. */
async function remove(account: Account, subject: string, { fates, uids }: Told): Promise<void> {
  const uid = [...uids].find(([, of]) => of === subject)?.[0];
  if (uid === undefined) return;
  const outcome = await account.commit(expungeMessages(inboxId, UidSet.of([uid])));
  if (outcome.ok) fates.set(subject, 'gone');
  else if (outcome.error.kind === 'unsettled') fates.set(subject, 'unknown');
}

async function check(account: Account, told: Told): Promise<void> {
  await account.load(inboxId);
  const mailbox = account.state.mailboxes.get(inboxId)!;
  const rows = [...rowsOf(mailbox.chunks)];
  const records = await account.records(rows.map(({ message }) => message));
  const found = new Map<string, number>();
  for (const [i, { envelope }] of records.entries()) {
    const subject = envelope.subject!;
    const { uid, message } = rows[i]!;
    found.set(subject, (found.get(subject) ?? 0) + 1);
    assert.equal(told.uids.get(uid) ?? subject, subject, `UID ${uid} was given twice`);
    assert.deepEqual(Buffer.from(await collect((await account.body(message)).body)), bodyOf(subject));
  }
  const wanted: Record<Fate, readonly number[]> = { done: [1], refused: [0], gone: [0], unknown: [0, 1] };
  for (const [subject, fate] of told.fates) {
    const times = found.get(subject) ?? 0;
    assert.ok(wanted[fate].includes(times), `${subject} is ${fate} and there ${times} times`);
  }
  const present = rows.map(({ uid }) => uid);
  assert.deepEqual(
    present,
    [...new Set(present)].sort((a, b) => a - b),
  );
  assert.ok(
    mailbox.uidNext > Math.max(0, ...present, ...told.uids.keys()),
    'UIDNEXT is above all UIDs given',
  );
}
