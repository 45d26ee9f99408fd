import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dateTimeOctets, parseDate, parseDateTime, writeDateTime } from '../../shared/imap/dates.ts';
import { canonicalPattern, compileListPattern } from '../../shared/imap/list-match.ts';
import {
  decodeMailboxName,
  decodeModifiedUtf7,
  encodeModifiedUtf7,
  levelsAbove,
  mailboxName,
  nameFault,
} from '../../shared/imap/mailbox-name.ts';
import {
  countOf,
  mergeRanges,
  type NumberRange,
  parseSequenceSet,
  printRanges,
  printSequenceSet,
  rangesOf,
  resolveRanges,
  star,
} from '../../shared/imap/sequence-set.ts';

for (const [text, encoded] of [
  ['', ''],
  ['INBOX', 'INBOX'],
  ['R&D', 'R&-D'],
  ['Entwürfe', 'Entw&APw-rfe'],
  ['~peter/mail/台北/日本語', '~peter/mail/&U,BTFw-/&ZeVnLIqe-'],
  ['☺!', '&Jjo-!'],
  ['\u{1f600}', '&2D3eAA-'],
  ['a\tb', 'a&AAk-b'],
] as const)
  test(`modified UTF-7 of ${JSON.stringify(text)}`, () => {
    assert.equal(encodeModifiedUtf7(text), encoded);
    assert.equal(decodeModifiedUtf7(encoded), text);
  });

for (const text of ['&', 'a&b', '&APw', '&A-', '&AP-', '&APx-', '&2D0-', '&A/w-', '&APw=-', '&!!!!-'])
  test(`${text} is no modified UTF-7 and names itself`, () => {
    assert.equal(decodeModifiedUtf7(text), undefined);
    assert.equal(decodeMailboxName(text, 'modifiedUtf7'), text);
  });

test('forgiven modified UTF-7: encoded ASCII, one shift after another', () => {
  assert.equal(decodeModifiedUtf7('&AGE-'), 'a');
  assert.equal(decodeModifiedUtf7('&U,A-&Uxc-'), '\u53f0\u5317');
});

test('modified UTF-7 gives every well-formed text back, in printable ASCII', () =>
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const encoded = encodeModifiedUtf7(text);
      assert.match(encoded, /^[ -~]*$/);
      assert.equal(decodeModifiedUtf7(encoded), text);
    }),
  ));

test('INBOX is folded as the whole first level only', () => {
  assert.equal(mailboxName('iNbOx'), 'INBOX');
  assert.equal(mailboxName('inbox/inbox'), 'INBOX/inbox');
  assert.equal(mailboxName('inboxes'), 'inboxes');
  assert.equal(mailboxName('a/inbox'), 'a/inbox');
});

for (const [name, fault] of [
  ['a/b', undefined],
  ['', 'Mailbox name is empty'],
  ['a//b', 'Mailbox name has an empty level'],
  ['/a', 'Mailbox name has an empty level'],
  ['a\nb', 'Mailbox name has a control character'],
  ['ü'.repeat(501), 'Mailbox name is too long'],
  ['x/'.repeat(50).concat('x'), 'Mailbox name has too many levels'],
] as const)
  test(`may ${JSON.stringify(name.slice(0, 10))} be made: ${fault ?? 'yes'}`, () =>
    assert.equal(nameFault(mailboxName(name)), fault));

test('the levels above a mailbox', () => {
  assert.deepEqual(levelsAbove(mailboxName('a/b/c')), ['a', 'a/b']);
  assert.deepEqual(levelsAbove(mailboxName('a')), []);
});

test('a pattern that is longer than any name takes no memory, and finds none', () => {
  const different = Array.from({ length: 60_000 }, (_, i) => String.fromCharCode(0x100 + (i % 0xd000))).join(
    '',
  );
  assert.equal(compileListPattern(different)('a'), false);
  assert.equal(compileListPattern(`${'*'.repeat(5000)}a`)('bca'), true);
});

for (const [pattern, name, want] of [
  ['*', 'a/b', true],
  ['%', 'a/b', false],
  ['%', 'a', true],
  ['a/%', 'a/b', true],
  ['a/%', 'a/b/c', false],
  ['a*', 'a', true],
  ['%/%', 'a/b', true],
  ['%b', 'a/b', false],
  ['*b', 'a/b', true],
  ['a%c', 'abc', true],
  ['a%%c', 'ac', true],
  ['%*', 'a/b', true],
  ['', '', true],
  ['', 'a', false],
  ['inbox', 'INBOX', true],
  ['InB%', 'INBOX', true],
  ['inbox/%', 'INBOX/a', true],
  ['inbox/A', 'INBOX/a', false],
  ['inboxes', 'INBOXES', false],
  ['ınbox', 'INBOX', false],
  ['a.b', 'axb', false],
  [`${'x'.repeat(31)}*y`, `${'x'.repeat(40)}y`, true],
  [`${'x'.repeat(64)}`, 'x'.repeat(64), true],
] as const)
  test(`LIST ${pattern} ${want ? 'includes' : 'omits'} ${name}`, () =>
    assert.equal(compileListPattern(pattern)(name), want));

/** Tries every way; exponential. */
function naive(pattern: string, name: string): boolean {
  if (pattern === '') return name === '';
  if (pattern[0] === '*' || pattern[0] === '%')
    return (
      naive(pattern.slice(1), name) ||
      (name !== '' && (pattern[0] === '*' || name[0] !== '/') && naive(pattern, name.slice(1)))
    );
  return name[0] === pattern[0] && naive(pattern.slice(1), name.slice(1));
}
const letters = (alphabet: string, maxLength: number) =>
  fc.array(fc.constantFrom(...alphabet), { maxLength, size: 'max' }).map((all) => all.join(''));
test('LIST patterns match as trying every way does', () =>
  fc.assert(
    fc.property(letters('ab/*%', 9), letters('ab/', 9), (pattern, name) =>
      assert.equal(compileListPattern(pattern)(name), naive(pattern, name)),
    ),
    { numRuns: 2000 },
  ));
test('long LIST patterns cross words of states', () =>
  fc.assert(
    fc.property(letters('a*', 80), fc.nat(100), (pattern, count) => {
      const literals = pattern.replaceAll('*', '').length;
      const want = pattern.includes('*') ? count >= literals : count === literals;
      assert.equal(compileListPattern(pattern)('a'.repeat(count)), want);
    }),
  ));
test('a LIST pattern made to backtrack takes its time once', () => {
  const matches = compileListPattern('*a%'.repeat(300));
  assert.equal(matches(`${'a'.repeat(5000)}/b`), false);
});
test('a reference goes before the pattern', () => {
  assert.equal(canonicalPattern('a/', '%'), 'a/%');
  assert.equal(canonicalPattern('a/', '/b'), 'a/b');
  assert.equal(canonicalPattern('', '*'), '*');
});

const number = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constantFrom(0xffff_ffff, star));
const range = fc
  .tuple(number, number)
  .map(([a, b]): NumberRange => ({ first: Math.min(a, b), last: Math.max(a, b) }));
test('printing then parsing a sequence set gives it back', () =>
  fc.assert(
    fc.property(fc.array(range, { minLength: 1 }), (ranges) => {
      const set = { kind: 'ranges', ranges } as const;
      assert.deepEqual(parseSequenceSet(printSequenceSet(set)), set);
    }),
  ));
test('the saved result is a set', () => assert.deepEqual(parseSequenceSet('$'), { kind: 'saved' }));
for (const text of [
  '',
  '0',
  '1:0',
  ',',
  '1,',
  ',1',
  '1:',
  ':1',
  '-1',
  '4294967296',
  '99999999999999999999999',
  'a',
  '1:2:3',
  '1 ',
  '$1',
  '1,$',
])
  test(`${JSON.stringify(text)} is no sequence set`, () => assert.equal(parseSequenceSet(text), undefined));
test('a set has no more ranges than allowed', () => {
  assert.equal(parseSequenceSet('1,2,3', 2), undefined);
  assert.ok(parseSequenceSet('1,2', 2));
});

const small = fc.integer({ min: 1, max: 30 });
test('a resolved set holds the same numbers, ascending and apart', () =>
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.oneof(small, fc.constant(star)), fc.oneof(small, fc.constant(star)))),
      small,
      (pairs, largest) => {
        const ranges = pairs.map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
        const want = new Set<number>();
        for (const pair of pairs) {
          const [a, b] = pair.map((n) => (n === star ? largest : n)) as [number, number];
          for (let n = Math.min(a, b); n <= Math.max(a, b); n++) want.add(n);
        }
        const resolved = resolveRanges(ranges, largest);
        assert.deepEqual(resolved, rangesOf([...want].sort((a, b) => a - b)));
        assert.equal(countOf(resolved), want.size);
        assert.deepEqual(mergeRanges(resolved), resolved);
      },
    ),
  ));
test("'*' of nothing is nothing", () => {
  assert.deepEqual(
    resolveRanges(
      [
        { first: star, last: star },
        { first: 1, last: star },
      ],
      0,
    ),
    [],
  );
});
test('ranges keep the order of their numbers', () => {
  assert.equal(printRanges(rangesOf([5, 6, 7, 3, 1, 2])), '5:7,3,1:2');
});

const written = (time: number) => {
  const bytes = Buffer.alloc(dateTimeOctets);
  writeDateTime(bytes, 0, time);
  return bytes.toString();
};
test('a date-time is written as RFC 9051 has it', () => {
  assert.equal(written(Date.UTC(1996, 6, 17, 9, 44, 25)), '"17-Jul-1996 09:44:25 +0000"');
  assert.equal(written(Date.UTC(2024, 1, 29)), '"29-Feb-2024 00:00:00 +0000"');
  assert.equal(written(-1), '"31-Dec-1969 23:59:59 +0000"');
  assert.equal(written(Number.MAX_SAFE_INTEGER), '"31-Dec-9999 23:59:59 +0000"');
  assert.equal(written(-Number.MAX_SAFE_INTEGER), '" 1-Jan-0000 00:00:00 +0000"');
});
test('a date-time written is read back', () =>
  fc.assert(
    fc.property(fc.integer({ min: -62_167_219_200, max: 253_402_300_799 }), (seconds) => {
      assert.equal(parseDateTime(written(seconds * 1000).slice(1, -1)), seconds * 1000);
    }),
  ));
for (const [text, time] of [
  ['17-Jul-1996 02:44:25 -0700', Date.UTC(1996, 6, 17, 9, 44, 25)],
  ['7-jul-1996 02:44:25 +0530', Date.UTC(1996, 6, 6, 21, 14, 25)],
  [' 7-Jul-1996 02:44:25 GMT', Date.UTC(1996, 6, 7, 2, 44, 25)],
  ['07-Jul-1996 02:44:25', Date.UTC(1996, 6, 7, 2, 44, 25)],
  ['30-Jun-1997 23:59:60 +0000', Date.UTC(1997, 6, 1)],
  ['29-Feb-2023 00:00:00 +0000', undefined],
  ['00-Jan-2023 00:00:00 +0000', undefined],
  ['1-Foo-2023 00:00:00 +0000', undefined],
  ['1-Jan-2023', undefined],
] as const)
  test(`date-time ${text}`, () => assert.equal(parseDateTime(text), time));
test('a SEARCH date counts days', () => {
  assert.equal(parseDate('1-Jan-1970'), 0);
  assert.equal(parseDate('29-Feb-2000'), Date.UTC(2000, 1, 29) / 86_400_000);
  assert.equal(parseDate('2000-13-01'), undefined);
});
