import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { inNewEpoch } from '../../services/maintenance/rebuild/new-epoch.ts';
import { checkClusters } from '../../services/maintenance/verify/check-clusters.ts';
import { Findings } from '../../services/maintenance/verify/findings.ts';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, copyMessages, expungeMessages } from '../../shared/engine/actions.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { ClusterKeeper } from '../../shared/engine/clusters.ts';
import type { Slice } from '../../shared/engine/frame.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { createMailbox, deleteMailbox, renameMailbox } from '../../shared/engine/mailbox-actions.ts';
import { type Cluster, type Column, columnOf } from '../../shared/engine/segment.ts';
import { SegmentBuilder } from '../../shared/engine/segment-builder.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { LogPosition, MailboxId } from '../../shared/ids.ts';
import { MessageParser } from '../../shared/message/parser.ts';
import { encodeRecord } from '../../shared/message/record-codec.ts';
import { requests } from '../budgets/big-account.ts';
import { type MemoryStore, memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { day, type TestClock, testClock } from '../support/test-clock.ts';

const columns = ['records', 'fields', 'structures'] as const;
const kilobyte = 1024;

/** One account in a store that counts. */
class Place {
  readonly clock: TestClock = testClock();
  readonly store: MemoryStore = memoryStore(() => this.clock.now());
  readonly scatteredBytes: number;
  account!: Account;
  /** In the header of each of its messages. */
  readonly mark = randomBytes(9).toString('base64url');
  #brought = 0;

  constructor(scatteredBytes: number) {
    this.scatteredBytes = scatteredBytes;
  }

  static async make(scatteredBytes = 64 * kilobyte): Promise<Place> {
    const place = new Place(scatteredBytes);
    place.account = await openIn(place.process());
    return place;
  }

  process() {
    return memoryEngine(this.store, {
      entropy: this.clock,
      scatteredBytes: this.scatteredBytes,
      frames: new ByteCache(32 * kilobyte * kilobyte),
      replacedLifetime: day,
    });
  }

  fresh(): Promise<Account> {
    return openIn(this.process(), this.account.id);
  }

  /** Messages as they come, each with a record of its own. */
  async bring(count: number, mailbox = 'INBOX'): Promise<void> {
    const all = requests(this.account.id, this.clock, count, this.#brought).map((request, i) => {
      const parser = new MessageParser();
      const no = this.#brought + i + 1;
      parser.push(
        Buffer.from(
          `Subject: message ${no}\r\nFrom: ${this.mark}@example.test\r\n` +
            `Message-ID: <${randomBytes(150).toString('base64')}@b>\r\n` +
            `X-Noise: ${randomBytes(600).toString('base64')}\r\n\r\n`,
        ),
      );
      return { ...request, message: { ...request.message, record: encodeRecord(parser.end(), 'raw') } };
    });
    this.#brought += count;
    await this.commit(appendMessages(mailbox, all));
  }

  async commit(decide: Parameters<Account['commit']>[0]): Promise<void> {
    const done = await this.account.commit(decide);
    assert.ok(done.ok, done.ok ? '' : done.error.kind);
    this.clock.advance(1000);
  }

  id(name: string): MailboxId {
    return this.account.state.mailboxes.named(name)!.id;
  }

  file(uids: readonly number[], to: string, from = inboxId): Promise<void> {
    return this.commit(copyMessages('move', from, UidSet.of(uids), to));
  }

  /** What verify says of the copies. */
  async wrong(): Promise<readonly string[]> {
    const findings = new Findings();
    const account = await this.fresh();
    await checkClusters(account, { ...this.store, sleep: async () => undefined }, findings);
    return findings.told.map(({ what }) => what);
  }

  get clusters(): readonly Cluster[] {
    return this.account.messages.settled.clusters;
  }

  async compact(): Promise<void> {
    await this.account.settle();
    await this.account.compact();
  }
}

const numbersIn = async (account: Account, mailbox: MailboxId): Promise<number[]> => {
  await account.load(mailbox);
  return account.state.mailboxes
    .get(mailbox)!
    .chunks.flatMap(({ fixed, length }) => [...fixed.message.subarray(0, length)]);
};

const octets = (slice: Slice | undefined) => slice?.bytes.toString('latin1', slice.from, slice.to);

async function read(account: Account, numbers: readonly number[], column: Column, of?: MailboxId) {
  if (column !== 'records') return (await account.answers(numbers, column, of)).map(octets);
  return (await account.messages.encodedRecords(numbers, of)).map((each) =>
    Buffer.from(each).toString('latin1'),
  );
}

/** Every tenth, from the third on. */
const tenth = (upTo: number, from = 0): number[] =>
  Array.from({ length: Math.floor((upTo - from) / 10) }, (_, i) => from + i * 10 + 3);

test('of a mailbox that is filed from another, little more is read than what is in it; before, the whole account was', async () => {
  const place = await Place.make();
  await place.bring(1500);
  await place.compact();
  await place.file(tenth(1500), 'Archive');
  await place.compact();
  const archive = place.id('Archive');
  assert.deepEqual(
    place.clusters.map(({ mailbox }) => mailbox),
    [archive],
  );
  const { segments } = place.account.messages.settled;
  for (const column of columns) {
    const whole = segments.reduce((sum, segment) => {
      const { frames, end } = columnOf(segment, column)!;
      return sum + end - frames[0]!.offset;
    }, 0);
    const cost = async (of?: MailboxId) => {
      const account = await place.fresh();
      const numbers = await numbersIn(account, archive);
      assert.equal(numbers.length, 150);
      const { getBytes, gets } = place.store.blobs.counts;
      const found = await read(account, numbers, column, of);
      const counted = place.store.blobs.counts;
      return { found, bytes: counted.getBytes - getBytes, gets: counted.gets - gets };
    };
    const without = await cost();
    const together = await cost(archive);
    assert.deepEqual(together.found, without.found);
    assert.ok(without.found.every((each, i) => each?.includes(`message ${(i * 10 + 3).toString()}`)));
    assert.ok(without.bytes > 0.9 * whole, `${column}: ${without.bytes} of ${whole}`);
    assert.ok(together.bytes <= 0.3 * whole, `${column}: ${together.bytes} of ${whole}`);
    assert.ok(together.gets <= 3, `${together.gets} GETs`);
  }
});

test('a few messages are read from the segments, and all of them where the copies are gone', async () => {
  const place = await Place.make();
  await place.bring(1500);
  await place.file(tenth(1500), 'Archive');
  await place.compact();
  const archive = place.id('Archive');
  const [{ parts }] = place.clusters as [Cluster];
  place.store.blobs.objects.delete(parts[0]!.copies.key);
  const account = await place.fresh();
  assert.equal((await account.records([13], archive))[0]!.envelope.subject, 'message 13');
  const numbers = await numbersIn(account, archive);
  const subjects = (await account.records(numbers, archive)).map(({ envelope }) => envelope.subject);
  assert.deepEqual(
    subjects,
    numbers.map((no) => `message ${no}`),
  );
});

test('mailboxes in order of arrival, and scattered ones of which little would be saved, get no copies', async () => {
  const place = await Place.make(256 * kilobyte);
  await place.bring(1000);
  await place.file([3, 300], 'Archive');
  await place.file(
    Array.from({ length: 400 }, (_, i) => 500 + i),
    'Trash',
  );
  await place.compact();
  assert.deepEqual(place.clusters, []);
});

test('a mailbox from which nearly all went elsewhere gets copies of what is left', async () => {
  const place = await Place.make();
  await place.bring(1500);
  await place.compact();
  const left = new Set(tenth(1500));
  await place.file(
    Array.from({ length: 1500 }, (_, i) => i + 1).filter((uid) => !left.has(uid)),
    'Archive',
  );
  await place.compact();
  assert.deepEqual(
    place.clusters.map(({ mailbox }) => mailbox),
    [inboxId],
  );
});

test('mail that is filed day by day joins the copies, which never cost more than what reading without them would', async () => {
  const place = await Place.make();
  await place.bring(3000);
  await place.compact();
  const archive = place.id('Archive');
  const uids = tenth(3000);
  let written = 0;
  let rewritten = 0;
  for (let at = 0; at < uids.length; at += 10) {
    await place.file(uids.slice(at, at + 10), 'Archive');
    const before = new Set(place.store.blobs.objects.keys());
    await place.compact();
    for (const { parts } of place.clusters)
      for (const { copies } of parts)
        if (!before.has(copies.key)) {
          written += copies.bytes;
          rewritten++;
        }
    const numbers = await numbersIn(place.account, archive);
    const account = await place.fresh();
    for (const column of columns)
      assert.deepEqual(
        await read(account, numbers, column, archive),
        await read(account, numbers, column),
        column,
      );
  }
  const [{ parts }] = place.clusters as [Cluster];
  assert.ok(parts[0]!.copies.count >= 250);
  assert.ok(rewritten >= 4 && rewritten < uids.length / 20, `${rewritten} times`);
  const frame = 64 * kilobyte;
  assert.ok(written < (uids.length * frame) / 8, `${written} bytes for ${uids.length} messages`);
});

test('copies are made in small steps, between which sessions have their turn', async () => {
  const place = await Place.make();
  await place.bring(3000);
  await place.compact();
  await place.file(tenth(3000), 'Archive');
  let [handled, most, going] = [0, 0, true];
  const { addMessage } = SegmentBuilder.prototype;
  SegmentBuilder.prototype.addMessage = function (record) {
    // Of another test's account something may be folded meanwhile.
    if (Buffer.from(record).includes(place.mark)) handled++;
    return addMessage.call(this, record);
  };
  const watching = (async () => {
    while (going) {
      const before = handled;
      await turn();
      most = Math.max(most, handled - before);
    }
  })();
  await place.compact();
  going = false;
  await watching;
  SegmentBuilder.prototype.addMessage = addMessage;
  assert.equal(handled, 300);
  assert.ok(most <= 32, `${most} records in one turn`);
});

test('old mail that is filed late comes between what is there, and parts that get none of it stay as they are', async () => {
  const place = await Place.make();
  await place.bring(3000);
  await place.compact();
  const archive = place.id('Archive');
  const together = async (uids: readonly number[]) => {
    await place.file(uids, 'Archive');
    await place.account.load(archive);
    const { account } = place;
    const { state } = account;
    const parts = { ...place.store, ...place.process().parts, entropy: place.clock };
    const sizes = { partBytes: 48 * kilobyte, copies: 10_000 };
    const keeper = new ClusterKeeper(account.id, account.messages.settled, state.flags, parts, sizes);
    const mailbox = state.mailboxes.get(archive)!;
    await keeper.look(mailbox, mailbox.chunks, 'all');
    const snapshot = account.snapshot!;
    account.settled({ ...snapshot, messages: { ...snapshot.messages, clusters: keeper.of(state) } });
    const copied = place.clusters[0]!.parts;
    for (const [i, part] of copied.entries()) {
      assert.ok(part.copies.bytes < 2.2 * 48 * kilobyte, `${part.copies.bytes} bytes`);
      assert.ok(i === 0 || part.first > copied[i - 1]!.last);
    }
    const numbers = await numbersIn(account, archive);
    assert.equal(
      copied.reduce((sum, { copies }) => sum + copies.count, 0),
      numbers.length,
    );
    for (const column of columns)
      assert.deepEqual(await read(account, numbers, column, archive), await read(account, numbers, column));
    return copied.map(({ copies }) => copies.key);
  };
  const first = await together(tenth(2000));
  assert.ok(first.length >= 4, `${first.length} parts`);
  // Behind all of them.
  const behind = await together(tenth(3000, 2000));
  assert.deepEqual(behind.slice(0, first.length - 1), first.slice(0, -1));
  // Between those of the first parts.
  const late = await together(Array.from({ length: 45 }, (_, i) => 10 + i * 20));
  assert.ok(late.length >= behind.length);
  assert.ok(behind.filter((key) => late.includes(key)).length >= behind.length / 2);
  assert.ok(!late.includes(behind[0]!));
});

test('where only what came last is at hand, the other rows are read when there is something to be done, and no sooner', async () => {
  const place = await Place.make();
  await place.bring(3000);
  await place.file(tenth(2000), 'Archive');
  await place.compact();
  const archive = place.id('Archive');
  const filed = [3, ...tenth(3000, 2000)];
  for (const some of [filed.slice(0, 5), filed.slice(5)]) {
    await place.file(some, 'Archive');
    const account = await place.fresh();
    const { state } = account;
    const mailbox = state.mailboxes.get(archive)!;
    assert.ok(mailbox.rows.stored !== undefined);
    const parts = { ...place.store, ...place.process().parts, entropy: place.clock };
    const keeper = new ClusterKeeper(account.id, account.messages.settled, state.flags, parts);
    const { gets } = place.store.blobs.counts;
    await keeper.look(mailbox, mailbox.rows.chunks, 'young');
    const [cluster] = keeper.of(state);
    const copied = cluster!.parts.reduce((sum, { copies }) => sum + copies.count, 0);
    const few = some.length < 10;
    assert.equal(copied, few ? 200 : 300);
    assert.equal(place.store.blobs.counts.gets === gets, few);
  }
});

test('one compaction copies so many messages at most, and the next ones go on', async () => {
  const place = await Place.make();
  await place.bring(3000);
  await place.compact();
  await place.file(tenth(3000), 'Archive');
  const { account } = place;
  const archive = place.id('Archive');
  await account.load(archive);
  const counts: number[] = [];
  for (let run = 0; run < 5; run++) {
    const { state } = account;
    const parts = { ...place.store, ...place.process().parts, entropy: place.clock };
    const sizes = { partBytes: 48 * kilobyte, copies: 100 };
    const keeper = new ClusterKeeper(account.id, account.messages.settled, state.flags, parts, sizes);
    const mailbox = state.mailboxes.get(archive)!;
    // Of what came last there is nothing: that it goes on is known from the copies.
    await keeper.look(mailbox, run === 0 ? mailbox.chunks : [], run === 0 ? 'all' : 'young');
    const clusters = keeper.of(state);
    const snapshot = account.snapshot!;
    account.settled({ ...snapshot, messages: { ...snapshot.messages, clusters } });
    counts.push(clusters[0]!.parts.reduce((sum, { copies }) => sum + copies.count, 0));
    const numbers = await numbersIn(account, archive);
    for (const column of columns)
      assert.deepEqual(await read(account, numbers, column, archive), await read(account, numbers, column));
  }
  assert.deepEqual(counts, [100, 200, 300, 300, 300]);
  assert.equal(place.clusters[0]!.unfinished, false);
});

test('whatever is filed, copied, expunged and folded: copies say what the segments say', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          what: fc.constantFrom('bring', 'move', 'copy', 'expunge', 'compact', 'compact'),
          from: fc.nat(2),
          to: fc.nat(2),
          step: fc.integer({ min: 1, max: 12 }),
          start: fc.nat(40),
        }),
        { minLength: 4, maxLength: 14 },
      ),
      async (steps) => {
        const place = await Place.make(kilobyte);
        await place.bring(300);
        await place.compact();
        const names = ['INBOX', 'Archive', 'Trash'];
        for (const { what, from, to, step, start } of steps) {
          const mailbox = place.id(names[from]!);
          const some = UidSet.of(Array.from({ length: 60 }, (_, i) => 1 + start + i * step));
          if (what === 'bring') await place.bring(step * 10);
          else if (what === 'expunge') await place.commit(expungeMessages(mailbox, some));
          else if (what === 'compact') await place.compact();
          else if (from !== to) await place.commit(copyMessages(what, mailbox, some, names[to]!));
        }
        await place.compact();
        const account = await place.fresh();
        for (const { id } of [...account.state.mailboxes]) {
          const numbers = await numbersIn(account, id);
          for (const column of columns)
            assert.deepEqual(await read(account, numbers, column, id), await read(account, numbers, column));
        }
        for (const { parts } of place.clusters)
          for (const [i, { first, last, copies }] of parts.entries()) {
            assert.ok(first <= last && (i === 0 || first > parts[i - 1]!.last));
            assert.equal(copies.live, copies.count);
          }
        assert.deepEqual(await place.wrong(), []);
      },
    ),
    { numRuns: 15 },
  ));

test('a compaction that dies between any two of its steps leaves a whole account, and the next one ends', async () => {
  const place = await Place.make();
  await place.bring(1500);
  await place.compact();
  await place.file(tenth(1500), 'Archive');
  const { blobs, log } = place.store;
  const { put } = blobs;
  const { moveHead } = log;
  for (let allowed = 0; ; allowed++) {
    let left = allowed;
    const counted =
      <A extends unknown[], R>(effect: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        if (left-- === 0) throw new Error('died');
        return effect(...args);
      };
    blobs.put = counted(put.bind(blobs));
    log.moveHead = counted(moveHead.bind(log));
    const dying = await place.fresh();
    const died = await dying.compact().then(
      () => false,
      () => true,
    );
    Object.assign(blobs, { put });
    Object.assign(log, { moveHead });
    const account = await place.fresh();
    const archive = place.id('Archive');
    const numbers = await numbersIn(account, archive);
    const subjects = (await account.records(numbers, archive)).map(({ envelope }) => envelope.subject);
    assert.deepEqual(
      subjects,
      tenth(1500).map((no) => `message ${no}`),
    );
    if (!died) {
      assert.equal(account.messages.settled.clusters.length, 1);
      assert.ok(allowed >= 4, `${allowed} effects`);
      break;
    }
  }
  assert.deepEqual(await place.wrong(), []);
});

test('a mailbox that is deleted, or emptied, gives its copies up; one that is renamed keeps them', async () => {
  const place = await Place.make();
  await place.bring(1500);
  await place.commit(createMailbox('Work'));
  await place.commit(createMailbox('Play'));
  await place.file(tenth(1500), 'Work');
  await place.file(
    tenth(1500).map((uid) => uid + 1),
    'Play',
  );
  await place.compact();
  const [work, play] = place.clusters.map(({ parts }) => parts[0]!.copies.key);
  assert.ok(work !== undefined && play !== undefined);
  await place.commit(renameMailbox('Work', 'Labour'));
  await place.compact();
  assert.equal(place.clusters.length, 2);
  await place.commit(deleteMailbox('Labour'));
  await place.commit(expungeMessages(place.id('Play'), everyUid));
  await place.compact();
  assert.deepEqual(place.clusters, []);
  const replaced = place.account.snapshot!.replaced.map(({ key }) => key);
  assert.ok(replaced.includes(work) && replaced.includes(play));
  // They outlive readers who are behind, and backups.
  assert.ok(place.store.blobs.objects.has(work));
  place.clock.advance(2 * day);
  await place.account.catchUp();
  await place.bring(1);
  await place.compact();
  assert.ok(!place.store.blobs.objects.has(work) && !place.store.blobs.objects.has(play));
});

test('copies are made anew, or given up, where less than half of them is still in the mailbox', async () => {
  const place = await Place.make();
  await place.bring(1500);
  await place.file(tenth(1500), 'Archive');
  await place.compact();
  const archive = place.id('Archive');
  const key = () => place.clusters[0]?.parts[0]?.copies.key;
  const made = key();
  await place.commit(expungeMessages(archive, UidSet.of(tenth(700).map((_, i) => i + 1))));
  await place.compact();
  assert.equal(key(), made);
  await place.commit(expungeMessages(archive, UidSet.of(tenth(800).map((_, i) => i + 1))));
  await place.compact();
  assert.notEqual(key(), made);
  assert.equal(place.clusters[0]!.parts[0]!.copies.count, 70);
  await place.commit(expungeMessages(archive, UidSet.ofRanges([[1, 148]])));
  await place.compact();
  assert.equal(key(), undefined);
});

test('copies of another release are not used, and made anew when the mailbox is looked at', async () => {
  const place = await Place.make();
  await place.bring(1500);
  await place.file(tenth(1500), 'Archive');
  await place.compact();
  const snapshot = place.account.snapshot!;
  const made = place.clusters[0]!.parts[0]!;
  const answers = { ...made.copies.answers!, version: made.copies.answers!.version + 1 };
  const other = { ...made, copies: { ...made.copies, answers } };
  const clusters = [{ ...place.clusters[0]!, parts: [other] }];
  place.account.settled({ ...snapshot, messages: { ...snapshot.messages, clusters } });
  const archive = place.id('Archive');
  const numbers = await numbersIn(place.account, archive);
  const structures = await read(place.account, numbers, 'structures', archive);
  assert.ok(structures.every((each, i) => each!.includes(`message ${numbers[i]}`)));
  await place.file([1], 'Archive');
  await place.compact();
  assert.notEqual(place.clusters[0]!.parts[0]!.copies.key, made.copies.key);
  assert.equal(place.clusters[0]!.parts[0]!.copies.count, 151);
});

test('verify tells of copies that are gone, and of copies that are not right', async () => {
  const place = await Place.make();
  await place.bring(1500);
  await place.file(tenth(1500), 'Archive');
  await place.compact();
  const { key } = place.clusters[0]!.parts[0]!.copies;
  const { objects } = place.store.blobs;
  const bytes = objects.get(key)!;
  assert.deepEqual(await place.wrong(), []);
  objects.delete(key);
  assert.match((await place.wrong()).join(), /copies for mailbox \d+: /);
  // Those of other messages.
  const other = await Place.make();
  await other.bring(1500);
  await other.file(tenth(1500), 'Archive');
  await other.compact();
  const foreign = other.store.blobs.objects.get(other.clusters[0]!.parts[0]!.copies.key)!;
  objects.set(key, foreign.length === bytes.length ? foreign : bytes.toReversed());
  assert.match((await place.wrong()).join(), /copies for mailbox \d+/);
});

test('a rebuilt account begins without copies: they are made anew', async () => {
  const place = await Place.make();
  await place.bring(1500);
  await place.file(tenth(1500), 'Archive');
  await place.compact();
  const [cluster] = place.clusters;
  const { manifest, ...before } = place.account.snapshot!;
  const epoch = inNewEpoch(before, {
    position: 1000 as LogPosition,
    now: place.clock.now(),
    lastUsed: 10,
    uidValidityFloor: 0,
    manifest,
  });
  assert.deepEqual(epoch.messages, { ...before.messages, clusters: [] });
  assert.deepEqual(
    epoch.replaced.map(({ key }) => key),
    [...before.replaced.map(({ key }) => key), manifest, cluster!.parts[0]!.copies.key],
  );
});
