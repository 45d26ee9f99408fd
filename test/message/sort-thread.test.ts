import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseMessage } from '../../shared/message/parser.ts';
import { type SortInput, type SortKey, sortKey, sortMessages } from '../../shared/message/sort-keys.ts';
import { type Thread, type ThreadInput, threadBySubject, threadInput } from '../../shared/message/thread.ts';
import { threadByReferences } from '../../shared/message/thread-references.ts';

const message = (header: string, internalDate = 0): SortInput => {
  const { envelope, size } = parseMessage(Buffer.from(`${header}\r\n`));
  return { envelope, size, internalDate };
};

const sample = message(
  'From: =?utf-8?Q?J=C3=BCrgen?= <jj@example.org>\r\nTo: Team: a@x;\r\nCc: zed@x, a@x\r\n' +
    'Subject: Re: [list] Straße\r\nDate: Thu, 1 Jan 1970 00:00:01 +0000\r\n',
  5000,
);

for (const [key, want] of [
  ['arrival', 5000],
  ['date', 1000],
  ['size', sample.size],
  ['subject', 'STRASSE'],
  ['from', 'JJ'],
  ['to', 'TEAM'],
  ['cc', 'ZED'],
  ['displayFrom', 'JU\u0308RGEN'],
  ['displayTo', 'TEAM'],
] as const)
  test(`sort key ${key}`, () => assert.equal(sortKey(sample, key), want));

test('the sent date falls back to INTERNALDATE, names to addresses, missing fields to nothing', () => {
  const bare = message('From: joe@example.org\r\nDate: someday\r\n', 77);
  assert.equal(sortKey(bare, 'date'), 77);
  assert.equal(sortKey(bare, 'displayFrom'), 'JOE@EXAMPLE.ORG');
  for (const key of ['to', 'cc', 'subject', 'displayTo'] as const satisfies readonly SortKey[])
    assert.equal(sortKey(bare, key), '');
});

test('messages are sorted by several keys, equal ones stay in order', () => {
  const of = (id: number, subject: string, internalDate: number): SortInput & { readonly id: number } => ({
    ...message(`Subject: ${subject}\r\n`, internalDate),
    id,
  });
  const list = [of(1, 'b', 3), of(2, 'Re: A', 1), of(3, 'a', 2), of(4, 'B', 3)];
  const sorted = (...criteria: readonly [SortKey, boolean][]): number[] =>
    sortMessages(
      list,
      criteria.map(([key, reverse]) => ({ key, reverse })),
    ).map(({ id }) => id);
  assert.deepEqual(sorted(['subject', false], ['arrival', true]), [3, 2, 1, 4]);
  assert.deepEqual(sorted(['subject', true]), [1, 4, 2, 3]);
  assert.deepEqual(sorted(['arrival', false]), [2, 3, 1, 4]);
});

/** As in RFC 5256 §4, with "?" for a message that is not there. */
const show = (threads: readonly Thread[]): string =>
  threads.map((thread) => `(${showThread(thread)})`).join('');
const showThread = ({ id, children }: Thread): string => {
  const own = id === undefined ? '?' : String(id);
  if (children.length === 0) return own;
  return children.length === 1 ? `${own} ${showThread(children[0]!)}` : `${own} ${show(children)}`;
};

/** id, message id, references, subject, time (the id unless given). */
const input = (id: number, messageId: string, references: string, subject = '', time = id): ThreadInput =>
  threadInput(
    id,
    message(`Message-ID: <${messageId}>\r\nSubject: ${subject}\r\n`, time),
    references
      .split(' ')
      .map((reference) => `<${reference}>`)
      .join(' '),
  );

for (const [what, messages, want] of [
  ['a chain', [input(1, 'a', ''), input(2, 'b', 'a'), input(3, 'c', 'a b')], '(1 2 3)'],
  ['branches by date', [input(1, 'a', ''), input(2, 'b', 'a', '', 9), input(3, 'c', 'a')], '(1 (3)(2))'],
  ['answers before their question', [input(1, 'c', 'a b'), input(2, 'b', 'a'), input(3, 'a', '')], '(3 2 1)'],
  ['a missing parent of one', [input(1, 'b', 'gone')], '(1)'],
  ['a missing parent of two', [input(1, 'b', 'gone'), input(2, 'c', 'gone')], '(? (1)(2))'],
  ['missing messages between', [input(1, 'a', ''), input(2, 'd', 'a gone1 gone2')], '(1 2)'],
  ['a loop', [input(1, 'a', 'b'), input(2, 'b', 'a')], '(2 1)'],
  ['a reference to itself', [input(1, 'a', 'a')], '(1)'],
  ['the same message id twice', [input(1, 'a', ''), input(2, 'a', ''), input(3, 'b', 'a')], '(1 3)(2)'],
  [
    'the own reference over another’s',
    [input(1, 'c', 'a b'), input(2, 'x', ''), input(3, 'b', 'x')],
    '(2 3 1)',
  ],
  ['an answer without references', [input(1, 'a', '', 'Lunch'), input(2, 'b', '', 'Re: lunch')], '(1 2)'],
  [
    'an answer older than its question',
    [input(1, 'b', '', 'Re: Lunch'), input(2, 'a', '', 'Lunch')],
    '(2 1)',
  ],
  ['one subject, no answer', [input(1, 'a', '', 'Lunch'), input(2, 'b', '', 'Lunch')], '(? (1)(2))'],
  [
    'two dummies of one subject',
    [
      input(1, 'a', 'p', 'Re: S'),
      input(2, 'b', 'p', 'Re: S'),
      input(3, 'c', 'q', 'Re: S'),
      input(4, 'd', 'q', 'Re: S'),
    ],
    '(? (1)(2)(3)(4))',
  ],
  [
    'a message beside a dummy of its subject',
    [input(1, 'a', 'p', 'Re: S'), input(2, 'b', 'p', 'Re: S'), input(3, 'c', '', 'S')],
    '(? (1)(2)(3))',
  ],
  ['empty subjects', [input(1, 'a', ''), input(2, 'b', '')], '(1)(2)'],
  ['nothing', [], ''],
] as const)
  test(`THREAD=REFERENCES with ${what}`, () => assert.equal(show(threadByReferences(messages)), want));

test('In-Reply-To stands in for missing references, its first id only', () => {
  const { envelope, size } = parseMessage(Buffer.from('In-Reply-To: <a@x> <b@x>\r\n\r\n'));
  assert.deepEqual(threadInput(1, { envelope, internalDate: 0 }, undefined).references, ['a@x']);
  assert.ok(size > 0);
});

test('THREAD=ORDEREDSUBJECT', () => {
  const list = [
    input(1, 'a', '', 'B', 5),
    input(2, 'b', '', 'A', 1),
    input(3, 'c', '', 're: b', 2),
    input(4, 'd', '', 'A', 3),
    input(5, 'e', '', 'A', 2),
  ];
  assert.equal(show(threadBySubject(list)), '(2 (5)(4))(3 1)');
});

const mailboxes = fc.array(
  fc.record({
    messageId: fc.option(fc.constantFrom(...'abcdefgh'), { nil: undefined }),
    references: fc.array(fc.constantFrom(...'abcdefghxyz'), { maxLength: 5 }),
    subject: fc.constantFrom('', 'S', 'T'),
    isReply: fc.boolean(),
    time: fc.nat(5),
  }),
  { maxLength: 12 },
);

test('every message is in exactly one thread', () =>
  fc.assert(
    fc.property(mailboxes, (list) => {
      const messages = list.map((one, i) => ({ ...one, id: i + 1 }));
      for (const threads of [threadByReferences(messages), threadBySubject(messages)]) {
        const ids: number[] = [];
        const visit = (thread: Thread): void => {
          if (thread.id !== undefined) ids.push(thread.id);
          else assert.ok(thread.children.length > 1);
          thread.children.forEach(visit);
        };
        threads.forEach(visit);
        assert.deepEqual(
          ids.sort((a, b) => a - b),
          messages.map(({ id }) => id),
        );
      }
    }),
    { numRuns: 1000 },
  ));

test('a thread of 100,000 answers is no matter of the stack', () => {
  const chain = Array.from(
    { length: 100_000 },
    (_, i): ThreadInput => ({
      id: i + 1,
      messageId: `${i}`,
      references: i === 0 ? [] : [`${i - 1}`],
      subject: 's',
      isReply: i > 0,
      time: i,
    }),
  );
  let depth = 0;
  for (let level = threadByReferences(chain); level.length > 0; level = [...level[0]!.children]) depth++;
  assert.equal(depth, 100_000);
});
