import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { baseSubject } from '../../shared/message/base-subject.ts';
import { parseDate } from '../../shared/message/date.ts';
import { decodeWords } from '../../shared/message/encoded-words.ts';
import { maxReferences, parseMessageIds } from '../../shared/message/message-ids.ts';

for (const [value, want] of [
  ['plain', 'plain'],
  ['=?utf-8?Q?Gr=C3=BC=C3=9Fe_an?= alle', 'Grüße an alle'],
  ['=?UTF-8?b?8J+YgA==?=', '😀'],
  ['=?utf-8?q?a?= =?utf-8?q?b?=\t=?iso-8859-1?q?=E4?=', 'abä'],
  ['=?utf-8?q?a?= b =?utf-8?q?c?=', 'a b c'],
  ['=?utf-8?b?w7w=?=x=?utf-8?q?y?=', 'üxy'],
  ['=?utf-8?q?cut=C3?= =?utf-8?q?=A4?=', 'cutä'],
  ['=?ISO-2022-JP?B?GyRCJCpDTiRpJDsbKEI=?=', 'お知らせ'],
  ['=?gb2312?B?xOO6ww==?=', '你好'],
  ['=?GB18030?B?gTCBMA==?=', '\u0080'],
  ['=?koi8-r?B?8NLJ18XU?=', 'Привет'],
  ['=?windows-1251?Q?=CF=F0=E8=E2=E5=F2?=', 'Привет'],
  ['=?windows-1252?Q?=80uro?=', '€uro'],
  ['=?ks_c_5601-1987?B?vsiz5w==?=', '안녕'],
  ['=?big5?B?p0Gmbg==?=', '你好'],
  ['=?cp932?B?k/qWe4zq?=', '日本語'],
  ['=?us-ascii*en?Q?Keith?=', 'Keith'],
  ['=?x-unknown?Q?=E4?=', 'ä'],
  ['=?x-unknown?Q?=C3=A4?=', 'ä'],
  ['=?iso-2022-kr?Q?abc?=', 'abc'],
  ['=?utf-8?x?no?= =?utf-8?q?yes?=', '=?utf-8?x?no?= yes'],
  ['=?utf-8?q?never ends', '=?utf-8?q?never ends'],
  ['=?utf-8?q?with space?=', 'with space'],
  ['=??q?a?=', '=??q?a?='],
  ['=?utf-8?q??=', ''],
] as const)
  test(`encoded words ${value}`, () => assert.equal(decodeWords(value), want));

const day = (text: string): number => Date.parse(`${text}T00:00:00Z`) / 86_400_000;

for (const [value, time, local] of [
  ['Tue, 3 Mar 2026 09:15:00 +0100', '2026-03-03T08:15:00Z', '2026-03-03'],
  ['3 Mar 2026 00:30:00 +0200', '2026-03-02T22:30:00Z', '2026-03-03'],
  ['Tue, 03 Mar 26 09:15 EST', '2026-03-03T14:15:00Z', '2026-03-03'],
  ['Fri, 21 Nov 97 09:55:06 -0600', '1997-11-21T15:55:06Z', '1997-11-21'],
  ['Fri, 21 Nov 1997 09(comment):   55  :  06 -0600', '1997-11-21T15:55:06Z', '1997-11-21'],
  ['Tue, 3 Mar 2026 23:59:60 GMT', '2026-03-04T00:00:00Z', '2026-03-03'],
  ['Tue,3 Mar 2026 09:15:00 +0100 (CET)', '2026-03-03T08:15:00Z', '2026-03-03'],
  ['Tuesday, 3 March 2026 09:15:00', '2026-03-03T09:15:00Z', '2026-03-03'],
  ['Tue Mar  3 09:15:02 2026', '2026-03-03T09:15:02Z', '2026-03-03'],
  ['Tue Mar  3 09:15:02 CET 2026', '2026-03-03T09:15:02Z', '2026-03-03'],
  ['Tue Mar  3 09:15:02 2026 -0500', '2026-03-03T14:15:02Z', '2026-03-03'],
  ['2026-03-03T09:15:02+01:00', '2026-03-03T08:15:02Z', '2026-03-03'],
  ['2026-03-03 09:15:02 +0100', '2026-03-03T08:15:02Z', '2026-03-03'],
  ['3-Mar-2026 09:15:02 GMT+0100', '2026-03-03T08:15:02Z', '2026-03-03'],
  ['3 Mar 2026 9:15:02 PM +0000', '2026-03-03T21:15:02Z', '2026-03-03'],
  ['3 Mar 2026', '2026-03-03T00:00:00Z', '2026-03-03'],
  ['3 Mar 2026 99:99:99 +0000', '2026-03-03T00:00:00Z', '2026-03-03'],
  ['3 Mar 2026 09:15:00 Z', '2026-03-03T09:15:00Z', '2026-03-03'],
] as const)
  test(`date ${value}`, () =>
    assert.deepEqual(parseDate(value), { time: Date.parse(time), day: day(local) }));

for (const value of [
  '',
  'yesterday',
  '31 Feb 2026 10:00:00 +0000',
  '3 Foo 2026',
  '0 Mar 2026',
  '2026',
  'Mar',
])
  test(`no date in ${JSON.stringify(value)}`, () => assert.equal(parseDate(value), undefined));

for (const [value, text, isReply] of [
  ['Hello', 'Hello', false],
  ['Re: Hello', 'Hello', true],
  ['RE : re:Fwd: FW: Hello (fwd) (FWD)', 'Hello', true],
  ['Re[2]: Hello', 'Hello', true],
  ['Re [a] : Hello', 'Hello', true],
  ['[list] Re: [other] Hello', 'Hello', true],
  ['[list] Hello', 'Hello', false],
  ['[list] [other]', '[other]', false],
  ['[only]', '[only]', false],
  ['[Fwd: Re: Hello]', 'Hello', true],
  ['[fwd: [fwd: Hello]]', 'Hello', true],
  ['Re: =?utf-8?Q?Re:_Gr=C3=BC=C3=9Fe?=', 'Grüße', true],
  ['  Hello \t\r\n  world  ', 'Hello world', false],
  ['Regarding: Hello', 'Regarding: Hello', false],
  ['Re:', '', true],
  ['(fwd)', '', true],
  ['', '', false],
  ['[a][b]', '[b]', false],
] as const)
  test(`base subject of ${JSON.stringify(value)}`, () =>
    assert.deepEqual(baseSubject(value), { text, isReply }));

for (const [value, ids] of [
  ['<a@x> <b@y>', ['a@x', 'b@y']],
  ['<a@x>\t(comment <no@x>) <b@y>', ['a@x', 'b@y']],
  ['Your message of "<no@x>" <"quoted"@x>', ['quoted@x']],
  ['<01KF8JCEOCBS0045PS@example.org><b @ y>', ['01KF8JCEOCBS0045PS@example.org', 'b@y']],
  ['<unclosed@x <b@y>', ['b@y']],
  ['no ids <>', []],
] as const)
  test(`message ids of ${value}`, () => assert.deepEqual(parseMessageIds(value), ids));

test('of very many references the first and the newest are kept', () => {
  const ids = parseMessageIds(Array.from({ length: 5000 }, (_, i) => `<${i}@x>`).join(' '));
  assert.equal(ids.length, maxReferences);
  assert.deepEqual([ids[0], ids[1], ids.at(-1)], ['0@x', '4001@x', '4999@x']);
});

test('no header value makes a reader throw', () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.constantFrom(
            '=?',
            '?=',
            '?q?',
            'utf-8',
            '?b?',
            ' ',
            '[',
            ']',
            're',
            ':',
            '(fwd)',
            '<',
            '>',
            '"',
            '[fwd:',
            '3 Mar ',
            '2026',
          ),
          fc.string({ maxLength: 6 }),
        ),
      ),
      (pieces) => {
        const value = pieces.join('');
        decodeWords(value);
        parseMessageIds(value);
        const date = parseDate(value);
        assert.ok(date === undefined || (Number.isInteger(date.time) && Number.isInteger(date.day)));
        const base = baseSubject(value).text;
        assert.ok(base.length === 0 || (base[0] !== ' ' && base.at(-1) !== ' '));
      },
    ),
    { numRuns: 2000 },
  ));

test('hostile values take no time to speak of', () => {
  for (const unit of [
    '=?',
    '=?a?q?',
    '=?a?q?x?=',
    '[a]',
    '[fwd:',
    're:',
    '[',
    '(fwd)',
    '<',
    '<"',
    '(',
    're[',
    ' ',
  ]) {
    const value = unit.repeat(50_000);
    decodeWords(value);
    baseSubject(value);
    parseMessageIds(value);
    parseDate(value);
  }
});
