import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answersFor } from '../../services/imap/fetch/answers.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import type { FetchItem } from '../../shared/imap/fetch-items.ts';

import { localEngine } from '../support/local-engine.ts';
import { deliver, MessageSession } from './message-session.ts';

const account = (id: string, epoch = 0) => ({ name: `${id} ${epoch}` });
const envelope: readonly FetchItem[] = [{ item: 'uid' }, { item: 'envelope' }] as const;
const bytes = (text: string) => Buffer.from(text);

test('an answer is found again by whoever asks for the same of the same message', () => {
  const cache = new ByteCache<never>(1 << 20) as never;
  const first = answersFor(cache, account('a'), envelope, 'ascii')!;
  assert.equal(first.memo.get(300), undefined);
  first.memo.put(300, bytes('ENVELOPE ()'), 11);
  first.memo.keep();
  const again = answersFor(cache, account('a'), [{ item: 'envelope' }, { item: 'flags' }], 'ascii')!;
  assert.deepEqual(again.memo.get(300), bytes('ENVELOPE ()'));
  assert.equal(again.memo.get(301), undefined);
  for (const other of [
    answersFor(cache, account('b'), envelope, 'ascii'),
    answersFor(cache, account('a', 1000), envelope, 'ascii'),
    answersFor(cache, account('a'), envelope, 'utf8'),
    answersFor(cache, account('a'), [{ item: 'bodyStructure' }], 'ascii'),
  ])
    assert.equal(other!.memo.get(300), undefined, "another's answer");
});

test('nothing is kept of what a record alone does not answer', () => {
  const cache = new ByteCache<never>(1 << 20) as never;
  assert.equal(answersFor(cache, account('a'), [{ item: 'uid' }, { item: 'flags' }], 'ascii'), undefined);
});

test('what is kept is bounded by its bytes', () => {
  const cache = new ByteCache<{ values: unknown[]; bytes: number }>(100_000);
  for (let at = 0; at < 100; at++) {
    const answers = answersFor(cache as never, account('a'), envelope, 'ascii')!;
    for (let no = at * 128; no < at * 128 + 128; no++) answers.memo.put(no, new Uint8Array(100), 100);
    answers.memo.keep();
    assert.ok(cache.bytes <= 100_000);
  }
  const answers = answersFor(cache as never, account('a'), envelope, 'ascii')!;
  assert.equal(answers.memo.get(0), undefined);
  assert.ok(answers.memo.get(99 * 128));
});

test('a FETCH that finds answers of before says what one that finds none says', async () => {
  const local = await localEngine();
  const stored = await local.account();
  const texts = [
    'Subject: one\nFrom: a@example.org\n\nx\n',
    'x: y\n\n',
    'Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\n\nz\n',
  ];
  await deliver(
    stored,
    'INBOX',
    texts.map((text) => ({ text, internalDate: 760_000_000 })),
  );
  const items = '(FLAGS ENVELOPE UID BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (SUBJECT)] RFC822.SIZE)';
  const fresh = await new MessageSession(stored).lines(`FETCH 1:3 ${items}`);
  const session = new MessageSession(stored);
  await session.lines(`UID FETCH 2 ${items}`);
  assert.deepEqual(await session.lines(`FETCH 1:3 ${items}`), fresh);
  assert.deepEqual(await session.lines(`FETCH 1:3 ${items}`), fresh);
  assert.ok(session.memos.bytes > 0);
});
