import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommand } from '../../shared/imap/parse-command.ts';

const seen = { key: 'flag', flag: '\\Seen', is: 'set' };
const unseen = { key: 'flag', flag: '\\Seen', is: 'unset' };
const all = { key: 'all' };
const header = (field: string, text: string) => ({ key: 'header', field, text });
const address = (field: string, text: string) => ({ key: 'address', field, text });
const set = (first: number, last = first) => ({ kind: 'ranges', ranges: [{ first, last }] });
const day = Date.UTC(1994, 1, 1) / 86_400_000;

const criteria: readonly (readonly [string, object])[] = [
  ['ALL', all],
  ['ANSWERED', { key: 'flag', flag: '\\Answered', is: 'set' }],
  ['undeleted', { key: 'flag', flag: '\\Deleted', is: 'unset' }],
  [
    'DRAFT FLAGGED',
    {
      key: 'and',
      keys: [
        { key: 'flag', flag: '\\Draft', is: 'set' },
        { key: 'flag', flag: '\\Flagged', is: 'set' },
      ],
    },
  ],
  ['NEW', { key: 'and', keys: [{ key: 'recent', is: 'set' }, unseen] }],
  ['OLD', { key: 'recent', is: 'unset' }],
  ['RECENT', { key: 'recent', is: 'set' }],
  ['KEYWORD $Junk', { key: 'flag', flag: '$Junk', is: 'set' }],
  ['UNKEYWORD x', { key: 'flag', flag: 'x', is: 'unset' }],
  ['BCC a', address('bcc', 'a')],
  ['CC a', address('cc', 'a')],
  ['FROM "a b"', address('from', 'a b')],
  ['TO {2}\r\nü', address('to', 'ü')],
  ['SUBJECT "grün"', header('subject', 'grün')],
  ['HEADER X-Spam ""', header('x-spam', '')],
  ['BODY x', { key: 'body', text: 'x' }],
  ['TEXT x]', { key: 'text', text: 'x]' }],
  ['BEFORE 1-Feb-1994', { key: 'date', of: 'internal', is: 'before', day }],
  ['ON "01-feb-1994"', { key: 'date', of: 'internal', is: 'on', day }],
  ['SINCE " 1-Feb-1994"', { key: 'date', of: 'internal', is: 'since', day }],
  ['SENTBEFORE 1994-02-01', { key: 'date', of: 'sent', is: 'before', day }],
  ['SENTON 1-February-1994', { key: 'date', of: 'sent', is: 'on', day }],
  ['SENTSINCE 1-Feb-1994', { key: 'date', of: 'sent', is: 'since', day }],
  ['SAVEDBEFORE 1-Feb-1994', { key: 'date', of: 'saved', is: 'before', day }],
  ['SAVEDON 1-Feb-1994', { key: 'date', of: 'saved', is: 'on', day }],
  ['SAVEDSINCE 1-Feb-1994', { key: 'date', of: 'saved', is: 'since', day }],
  ['SAVEDATESUPPORTED', { key: 'saveDateSupported' }],
  ['LARGER 5000000000', { key: 'size', is: 'larger', octets: 5_000_000_000 }],
  ['SMALLER 0', { key: 'size', is: 'smaller', octets: 0 }],
  ['OLDER 60', { key: 'age', is: 'older', seconds: 60 }],
  ['YOUNGER 60', { key: 'age', is: 'younger', seconds: 60 }],
  ['MODSEQ 620162338', { key: 'modSeq', atLeast: 620162338 }],
  ['MODSEQ "/flags/\\\\draft" all 5', { key: 'modSeq', atLeast: 5 }],
  ['EMAILID abc', { key: 'emailId', id: 'abc' }],
  ['THREADID abc', { key: 'threadId', id: 'abc' }],
  ['UID 1:3', { key: 'uid', set: set(1, 3) }],
  ['2', { key: 'sequence', set: set(2) }],
  ['$', { key: 'sequence', set: { kind: 'saved' } }],
  ['UID $', { key: 'uid', set: { kind: 'saved' } }],
  ['*', { key: 'sequence', set: set(Number.POSITIVE_INFINITY) }],
  ['NOT SEEN', { key: 'not', negated: seen }],
  ['OR SEEN NOT ALL', { key: 'or', left: seen, right: { key: 'not', negated: all } }],
  ['(SEEN)', seen],
  ['( SEEN (ALL UNSEEN) )', { key: 'and', keys: [seen, { key: 'and', keys: [all, unseen] }] }],
];
for (const [text, expected] of criteria)
  test(`SEARCH ${JSON.stringify(text)}`, () => {
    const parsed = parseCommand(Buffer.from(`a SEARCH ${text}`));
    assert.deepEqual(parsed, {
      ok: true,
      value: {
        tag: 'a',
        kind: 'search',
        numbers: 'seq',
        returns: undefined,
        charset: { kind: 'supported', name: undefined },
        criteria: expected,
      },
    });
  });

for (const text of [
  '',
  '()',
  '(SEEN',
  'SEEN)',
  'NOT',
  'OR SEEN',
  'X',
  'FUZZY SUBJECT x',
  'SINCE',
  'SINCE 31-Feb-1994',
  'SINCE 1-Foo-1994',
  'SINCE 1-Feb-94',
  'KEYWORD',
  'HEADER x',
  'LARGER -1',
  'OLDER 0',
  'UID',
  'UID x',
  '0',
  'MODSEQ',
  'MODSEQ "/x" all 1',
  'MODSEQ "/flags/x" some 1',
  'RETURN ALL',
  'RETURN (X) ALL',
  'RETURN (MIN)',
  'CHARSET',
  'CHARSET UTF-8',
  'FROM',
  'SEEN CHARSET UTF-8 ALL',
  `${'NOT '.repeat(1000)}SEEN`,
  `${'('.repeat(1000)}SEEN${')'.repeat(1000)}`,
  `${'OR ALL '.repeat(500)}ALL`,
  Array(1001).fill('SEEN').join(' '),
  `(${Array(600).fill('SEEN').join(' ')}) (${Array(600).fill('SEEN').join(' ')})`,
  Array(65).fill('BODY x').join(' '),
  `${'NOT TEXT x BODY y '.repeat(33)}SEEN`,
])
  test(`SEARCH refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.equal(parseCommand(Buffer.from(`a SEARCH ${text}`)).ok, false);
  });

test('RETURN and CHARSET stand before the keys', () => {
  const parsed = parseCommand(Buffer.from('a UID SEARCH RETURN (MIN max COUNT SAVE) CHARSET utf-8 SEEN'));
  assert.deepEqual(parsed, {
    ok: true,
    value: {
      tag: 'a',
      kind: 'search',
      numbers: 'uid',
      returns: ['min', 'max', 'count', 'save'],
      charset: { kind: 'supported', name: 'UTF-8' },
      criteria: seen,
    },
  });
});

const searchOf = (line: Buffer) => {
  const parsed = parseCommand(line);
  assert.ok(parsed.ok && parsed.value.kind === 'search', JSON.stringify(parsed));
  return parsed.value;
};

test('RETURN () asks for all', () => {
  assert.deepEqual(searchOf(Buffer.from('a SEARCH RETURN () ALL')).returns, ['all']);
});

test('strings are decoded from the charset named', () => {
  const { criteria } = searchOf(Buffer.from('a SEARCH CHARSET ISO-8859-2 SUBJECT "\xb1"', 'latin1'));
  assert.deepEqual(criteria, header('subject', 'ą'));
});

test('an unknown charset is told apart, the command still read', () => {
  assert.deepEqual(searchOf(Buffer.from('a SEARCH CHARSET x-martian SUBJECT a')).charset, {
    kind: 'unsupported',
    name: 'X-MARTIAN',
  });
  assert.deepEqual(searchOf(Buffer.from('a SEARCH CHARSET UTF-16LE SUBJECT a')).charset.kind, 'unsupported');
});

test('an empty charset is none', () => {
  assert.deepEqual(searchOf(Buffer.from('a SEARCH CHARSET "" ALL')).charset, {
    kind: 'supported',
    name: undefined,
  });
});

test('a SORT key that was named before decides nothing', () => {
  const parsed = parseCommand(
    Buffer.from(`a SORT (SIZE ${'REVERSE SIZE DATE SIZE '.repeat(50)}CC) UTF-8 ALL`),
  );
  assert.ok(parsed.ok && parsed.value.kind === 'sort');
  assert.deepEqual(parsed.value.order, [
    { by: 'size', direction: 'ascending' },
    { by: 'date', direction: 'ascending' },
    { by: 'cc', direction: 'ascending' },
  ]);
});

test('SORT with its keys, charset and criteria', () => {
  assert.deepEqual(
    parseCommand(Buffer.from('a UID SORT RETURN (COUNT) (REVERSE DATE subject) UTF-8 SEEN UNSEEN')),
    {
      ok: true,
      value: {
        tag: 'a',
        kind: 'sort',
        numbers: 'uid',
        returns: ['count'],
        order: [
          { by: 'date', direction: 'descending' },
          { by: 'subject', direction: 'ascending' },
        ],
        charset: { kind: 'supported', name: 'UTF-8' },
        criteria: { key: 'and', keys: [seen, unseen] },
      },
    },
  );
});

test('THREAD with its algorithm, charset and criteria', () => {
  assert.deepEqual(parseCommand(Buffer.from('a THREAD references US-ASCII ALL')), {
    ok: true,
    value: {
      tag: 'a',
      kind: 'thread',
      numbers: 'seq',
      algorithm: 'references',
      charset: { kind: 'supported', name: 'US-ASCII' },
      criteria: all,
    },
  });
});

for (const line of [
  'SORT () UTF-8 ALL',
  'SORT (X) UTF-8 ALL',
  'SORT (REVERSE) UTF-8 ALL',
  'SORT (DATE) ALL',
  'SORT DATE UTF-8 ALL',
  'THREAD X UTF-8 ALL',
  'THREAD REFERENCES ALL',
])
  test(`refuses ${line}`, () => assert.equal(parseCommand(Buffer.from(`a ${line}`)).ok, false));
