import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { inNewEpoch } from '../../services/maintenance/rebuild/new-epoch.ts';
import { copyMessages, expungeMessages } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { createMailbox, deleteMailbox, renameMailbox } from '../../shared/engine/mailbox-actions.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { LogPosition } from '../../shared/ids.ts';
import { day } from '../support/test-clock.ts';
import { columns, kilobyte, numbersIn, Place, read, tenth } from './clusters-ground.ts';

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
  const before = place.account.snapshot!;
  const epoch = inNewEpoch(before, {
    position: 1000 as LogPosition,
    now: place.clock.now(),
    lastUsed: 10,
    uidValidityFloor: 0,
  });
  assert.deepEqual(epoch.messages, { ...before.messages, clusters: [] });
  assert.deepEqual(
    epoch.replaced.map(({ key }) => key),
    [...before.replaced.map(({ key }) => key), before.manifest, cluster!.parts[0]!.copies.key],
  );
});
