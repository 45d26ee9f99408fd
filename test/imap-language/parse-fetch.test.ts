import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FetchItem } from '../../shared/imap/fetch-items.ts';
import { parseCommand } from '../../shared/imap/parse-command.ts';

const body = (over: object = {}): FetchItem => ({
  item: 'body',
  section: { part: [], of: { kind: 'whole' } },
  partial: undefined,
  seen: 'set',
  answerAs: 'BODY',
  ...over,
});
const part = (numbers: number[], of: object = { kind: 'whole' }) => ({ section: { part: numbers, of } });
const fast = [{ item: 'flags' }, { item: 'internalDate' }, { item: 'size' }];

const items: readonly (readonly [string, readonly object[]])[] = [
  ['FAST', fast],
  ['all', [...fast, { item: 'envelope' }]],
  ['FULL', [...fast, { item: 'envelope' }, { item: 'bodyStructureShort' }]],
  ['(FAST uid)', [...fast, { item: 'uid' }]],
  [
    '(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY MODSEQ EMAILID THREADID SAVEDATE)',
    [
      { item: 'uid' },
      { item: 'flags' },
      { item: 'internalDate' },
      { item: 'size' },
      { item: 'envelope' },
      { item: 'bodyStructure' },
      { item: 'bodyStructureShort' },
      { item: 'modSeq' },
      { item: 'emailId' },
      { item: 'threadId' },
      { item: 'saveDate' },
    ],
  ],
  ['(FLAGS FLAGS)', [{ item: 'flags' }]],
  ['PREVIEW', [{ item: 'preview', priority: 'now' }]],
  ['PREVIEW (LAZY)', [{ item: 'preview', priority: 'lazy' }]],
  ['(PREVIEW (LAZY) UID)', [{ item: 'preview', priority: 'lazy' }, { item: 'uid' }]],
  ['(PREVIEW UID)', [{ item: 'preview', priority: 'now' }, { item: 'uid' }]],
  ['RFC822', [body({ answerAs: 'RFC822' })]],
  ['RFC822.HEADER', [body({ ...part([], { kind: 'header' }), seen: 'keep', answerAs: 'RFC822.HEADER' })]],
  ['RFC822.TEXT', [body({ ...part([], { kind: 'text' }), answerAs: 'RFC822.TEXT' })]],
  ['BODY[]', [body()]],
  ['body.peek[]<0.65536>', [body({ seen: 'keep', partial: { offset: 0, count: 65536 } })]],
  ['BODY[1.2.3]', [body(part([1, 2, 3]))]],
  ['BODY[1.MIME]', [body(part([1], { kind: 'mime' }))]],
  ['BODY[4.1.header]', [body(part([4, 1], { kind: 'header' }))]],
  ['BODY[TEXT]', [body(part([], { kind: 'text' }))]],
  [
    'BODY[HEADER.FIELDS (From "To" {4+}\r\nDate)]',
    [body(part([], { kind: 'fields', which: 'only', names: ['From', 'To', 'Date'] }))],
  ],
  [
    'BODY[2.HEADER.FIELDS.NOT(X)]<5.1>',
    [
      body({
        ...part([2], { kind: 'fields', which: 'except', names: ['X'] }),
        partial: { offset: 5, count: 1 },
      }),
    ],
  ],
  ['BINARY[1]', [{ item: 'binary', part: [1], partial: undefined, seen: 'set' }]],
  ['BINARY.PEEK[]<3.4>', [{ item: 'binary', part: [], partial: { offset: 3, count: 4 }, seen: 'keep' }]],
  [
    'BINARY.PEEK[1]<40>',
    [{ item: 'binary', part: [1], partial: { offset: 40, count: Number.MAX_SAFE_INTEGER }, seen: 'keep' }],
  ],
  ['BINARY.SIZE[1.1]', [{ item: 'binarySize', part: [1, 1] }]],
];

for (const [text, expected] of items)
  test(`FETCH asks for ${JSON.stringify(text)}`, () => {
    const parsed = parseCommand(Buffer.from(`a FETCH 1 ${text}`));
    assert.ok(parsed.ok && parsed.value.kind === 'fetch', JSON.stringify(parsed));
    assert.deepEqual(parsed.value.items, expected);
  });

for (const text of [
  '',
  '()',
  'X',
  'BODY.PEEK',
  'BODY[',
  'BODY[]<',
  'BODY[]<1>',
  'BODY[]<0.0>',
  'BODY[0]',
  'BODY[1.]',
  'BODY[.1]',
  'BODY[MIME]',
  'BODY[X]',
  'BODY[1.X]',
  'BODY[HEADER.FIELDS]',
  'BODY[HEADER.FIELDS ()]',
  'BINARY',
  'BINARY[TEXT]',
  'BINARY.SIZE',
  '(FLAGS',
  'FLAGS)',
  'FLAGS UID',
  'FLAGS (X)',
  'FLAGS (CHANGEDSINCE)',
  'FLAGS (VANISHED)',
  'FLAGS (CHANGEDSINCE 1 VANISHED)',
  '(BODY[]FLAGS)',
  'RFC822.PEEK',
])
  test(`FETCH refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseCommand(Buffer.from(`a FETCH 1 ${text}`)).ok, false);
  });

test('UID FETCH answers with UIDs, CHANGEDSINCE with mod-sequences, asked or not', () => {
  const parsed = parseCommand(Buffer.from('a UID FETCH 1:*(FLAGS) (CHANGEDSINCE 12 VANISHED)'));
  assert.deepEqual(parsed, {
    ok: true,
    value: {
      tag: 'a',
      kind: 'fetch',
      numbers: 'uid',
      set: { kind: 'ranges', ranges: [{ first: 1, last: Number.POSITIVE_INFINITY }] },
      items: [{ item: 'uid' }, { item: 'flags' }, { item: 'modSeq' }],
      changedSince: 12,
      vanished: 'report',
    },
  });
});
