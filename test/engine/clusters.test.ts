import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type Cluster, columnOf } from '../../shared/engine/segment.ts';
import { SegmentBuilder } from '../../shared/engine/segment-builder.ts';
import { inboxId } from '../../shared/engine/state.ts';
import type { MailboxId } from '../../shared/ids.ts';
import { columns, kilobyte, numbersIn, Place, read, tenth } from './clusters-ground.ts';

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
