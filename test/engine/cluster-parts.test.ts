import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClusterKeeper } from '../../shared/engine/clusters.ts';
import { columns, kilobyte, numbersIn, Place, read, tenth } from './clusters-ground.ts';

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
