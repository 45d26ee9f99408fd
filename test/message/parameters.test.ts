import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseParameterized } from '../../shared/message/parameters.ts';

for (const [what, text, value, parameters] of [
  ['nothing else', 'text/plain', 'text/plain', []],
  [
    'quoted values',
    'a/b; x="1; 2"; y="\\"q\\""',
    'a/b',
    [
      ['x', '1; 2'],
      ['y', '"q"'],
    ],
  ],
  ['comments', 'a/b (c; d) ; (e) x (f) = (g) 1 (h)', 'a/b', [['x', '1']]],
  ['spaces around the equals sign', 'a/b; x = 1', 'a/b', [['x', '1']]],
  [
    'a missing semicolon',
    'a/b; x=1 y=2',
    'a/b',
    [
      ['x', '1'],
      ['y', '2'],
    ],
  ],
  [
    'an unquoted file name',
    'attachment; filename=My File.txt; x=1',
    'attachment',
    [
      ['filename', 'My File.txt'],
      ['x', '1'],
    ],
  ],
  ['a quote that does not close', 'a/b; x="1', 'a/b', [['x', '1']]],
  ['a name twice', 'a/b; x=1; X=2', 'a/b', [['x', '1']]],
  ['a name without a value', 'a/b; x; y=1', 'a/b', [['y', '1']]],
  ['RFC 2231 §3', 'a/b; u*0="ftp://"; u*1="example.org/"', 'a/b', [['u', 'ftp://example.org/']]],
  [
    'RFC 2231 §4',
    "a/b; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
    'a/b',
    [['title', 'This is ***fun***']],
  ],
  [
    'RFC 2231 §4.1',
    "a/b; t*0*=us-ascii'en'This%20is%20even%20more%20; t*1*=%2A%2A%2Afun%2A%2A%2A%20; t*2=\"isn't it!\"",
    'a/b',
    [['t', "This is even more ***fun*** isn't it!"]],
  ],
  ['continuations out of order', 'a/b; u*2=c; u*0=a; u*1=b', 'a/b', [['u', 'abc']]],
  ['a character cut between continuations', "a/b; n*0*=utf-8''%C3; n*1*=%A4", 'a/b', [['n', 'ä']]],
  ['the extended form beside the plain one', "a/b; n=plain; n*=utf-8''%C3%A4", 'a/b', [['n', 'ä']]],
  ['a charset of Japan', "a/b; n*=iso-2022-jp''%1B%24B%24*%1B%28B", 'a/b', [['n', 'お']]],
  ['an unknown charset', "a/b; n*=x-none''%E4", 'a/b', [['n', 'ä']]],
  ['no charset', 'a/b; n*=%C3%A4', 'a/b', [['n', 'ä']]],
] as const)
  test(`parameters with ${what}`, () => assert.deepEqual(parseParameterized(text), { value, parameters }));

test('any text has parameters, with no line ends in them', () =>
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.constantFrom(...';=*"\'% ()/\\', "a*0*=utf-8''%0D%0A", ';n*', '%C3'),
          fc.string({ maxLength: 4 }),
        ),
      ),
      (pieces) => {
        const text = pieces.join('').replace(/[\r\n\0]/g, '');
        for (const [name, value] of parseParameterized(text).parameters) {
          assert.notEqual(name, '');
          assert.doesNotMatch(value, /[\r\n\0]/);
        }
      },
    ),
    { numRuns: 2000 },
  ));
