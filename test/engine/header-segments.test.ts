import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, expungeMessages } from '../../shared/engine/actions.ts';
import { idAt, packIds } from '../../shared/engine/email-id-codec.ts';
import type { Slice } from '../../shared/engine/frame.ts';
import { joinedSegments } from '../../shared/engine/header-segments.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { purgeExpunged } from '../../shared/engine/retention.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { type EmailId, newEmailId, systemEntropy, unpackTimeId } from '../../shared/ids.ts';
import { answersVersion } from '../../shared/imap/stored-answers.ts';
import { deliver } from '../support/mail.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { day, testClock } from '../support/test-clock.ts';

const octets = (slice: Slice | undefined) => slice?.bytes.toString('latin1', slice.from, slice.to);

test('an email id is sixteen bytes and comes back as it was', () =>
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 48 - 1 }),
      fc.uint8Array({ minLength: 10, maxLength: 10 }),
      (time, random) => {
        const id = newEmailId({ now: () => time, bytes: () => random });
        const column = packIds([undefined, id]);
        assert.equal(column.length, 32);
        assert.equal(unpackTimeId(column.subarray(16)), id);
        assert.equal(idAt(column, 1), time === 0 && random.every((b) => b === 0) ? undefined : id);
        assert.equal(idAt(column, 0), undefined);
      },
    ),
  ));

test('what is no email id is not packed', () => {
  for (const id of ['', 'a', 'z'.repeat(26), `0${'u'.repeat(25)}`, '0'.repeat(27)])
    assert.throws(() => packIds([id as EmailId]), RangeError);
});

test('joining keeps segments few and rewrites each record few times, however long the account lives', () => {
  const segments: { bytes: number }[] = [];
  let written = 0;
  let brought = 0;
  for (let run = 0; run < 5_000; run++) {
    const bytes = 12_000 + ((run * 7919) % 20_000);
    brought += bytes;
    let joined = bytes;
    for (const segment of segments.splice(segments.length - joinedSegments(segments, bytes)))
      joined += segment.bytes;
    segments.push({ bytes: joined });
    written += joined;
    assert.ok(segments.length <= 14 + brought / (4 * 1024 * 1024), `${segments.length} segments`);
  }
  assert.ok(written <= 6 * brought, `${written / brought} times`);
});

/** Appends messages, one with a header so large that their segment keeps answers. */
async function deliverLarge(account: Account, count: number): Promise<void> {
  const requests = [];
  for (let i = 0; i < count; i++) {
    const noise = Buffer.from(systemEntropy.bytes(i === 0 ? 360_000 : 10)).toString('base64url');
    const lines = noise.replace(/.{70}/g, '$&\r\n ');
    const staged = await account.stage(Buffer.from(`Subject: message\r\nX-Noise: ${lines}\r\n\r\n`));
    assert.ok(staged.ok);
    requests.push({ message: staged.value, flags: [], internalDate: 1 });
  }
  assert.ok((await account.commit(appendMessages('INBOX', requests))).ok);
}

test('answers that another release kept, or none, are not used, and made anew when their segment is rewritten', async () => {
  for (const version of [undefined, answersVersion + 1]) {
    const account = await openIn(memoryEngine(memoryStore()));
    await deliverLarge(account, 5);
    await account.compact();
    const made = (await account.answers([1, 2, 5], 'structures')).map(octets);
    assert.ok(made.every((answer) => answer?.includes('ENVELOPE (')));
    const snapshot = account.snapshot!;
    const segments = snapshot.messages.segments.map((segment) => ({
      ...segment,
      answers: version === undefined ? undefined : { ...segment.answers!, version },
    }));
    account.settled({ ...snapshot, messages: { ...snapshot.messages, segments } });
    assert.deepEqual(await account.answers([1, 2], 'fields'), [undefined, undefined]);
    assert.equal((await account.records([2]))[0]!.envelope.subject, 'message');
    for (let runs = 0; runs < 3; runs++) {
      await deliverLarge(account, 5);
      await account.compact();
    }
    assert.equal(account.messages.settled.segments.length, 1);
    assert.deepEqual((await account.answers([1, 2, 5], 'structures')).map(octets), made);
  }
});

test('records stay readable while segments are joined, and those of purged messages go at last', async () => {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  const parts = { entropy: clock, replacedLifetime: 0 };
  const engine = memoryEngine(store, parts);
  const account = await openIn(engine);
  const many = async (from: number, count: number) => {
    const staged = await Promise.all(
      Array.from({ length: count }, (_, i) =>
        account.stage(Buffer.from(`Subject: message ${from + i}\r\n\r\n`)),
      ),
    );
    const requests = staged.map((s) => {
      assert.ok(s.ok);
      return { message: s.value, flags: [], internalDate: 1 };
    });
    assert.ok((await account.commit(appendMessages('INBOX', requests))).ok);
  };
  for (let run = 0; run < 12; run++) {
    await many(run * 500 + 1, 500);
    await account.compact();
  }
  assert.ok(account.messages.settled.segments.length <= 4);
  const reader = await openIn(memoryEngine(store, parts), account.id);
  const numbers = Array.from({ length: 6000 }, (_, i) => i + 1);
  const records = await reader.records(numbers);
  assert.ok(records.every((record, i) => record.envelope.subject === `message ${i + 1}`));
  assert.equal(new Set(await reader.emailIds(numbers)).size, 6000);

  await account.commit(expungeMessages(inboxId, everyUid));
  clock.advance(20 * day);
  await account.catchUp();
  assert.ok((await purgeExpunged(account, engine.parts, Math.floor(clock.now() / 1000) - 1)).ok);
  await many(6001, 10);
  await account.compact();
  const { segments } = account.messages.settled;
  assert.equal(
    segments.reduce((sum, segment) => sum + segment.live, 0),
    10,
  );
  await deliver(account, 6011);
  await account.compact();
  const again = await openIn(memoryEngine(store, parts), account.id);
  const subjects = (await again.records([6001, 6010, 6011])).map((record) => record.envelope.subject);
  assert.deepEqual(subjects, ['message 6001', 'message 6010', 'message 6011']);
  await assert.rejects(again.emailIds([17]));
});
