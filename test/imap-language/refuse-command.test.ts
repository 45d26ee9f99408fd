import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommand } from '../../shared/imap/parse-command.ts';

const crlf = '\r\n';

/** Lines, after their tag, that are no command. */
const invalid = [
  'NOPE',
  '1',
  'NOOP x',
  'UID',
  'UID NOOP',
  'UID UID FETCH 1 FLAGS',
  'STARTTLS now',
  'AUTHENTICATE',
  'AUTHENTICATE PLAIN !!!',
  'AUTHENTICATE PLAIN AGEAY',
  'AUTHENTICATE PLAIN A=GE',
  'LOGIN',
  'LOGIN a',
  'LOGIN a b c',
  'LOGIN "a b',
  'LOGIN (a) b',
  `LOGIN {9}${crlf}a`,
  'LOGIN {3} abc',
  'LOGIN "a"b c',
  'LOGIN "a\0" b',
  `LOGIN {3}${crlf}a\0b c`,
  'ENABLE',
  'ID',
  'ID "x"',
  'ID ("x")',
  'ID ("x" "y"',
  'ID (NIL "y")',
  'SELECT',
  'SELECT a b',
  'SELECT a (X)',
  'SELECT a (QRESYNC)',
  'SELECT a (QRESYNC (0 1))',
  'SELECT a (QRESYNC (1 2 3:*))',
  'SELECT a (QRESYNC (1 2 $))',
  'CREATE',
  'CREATE a (X)',
  'CREATE a (USE \\Sent)',
  'DELETE a b',
  'RENAME a',
  'LIST',
  'LIST ""',
  'LIST "" (',
  'LIST "" ()',
  'LIST (X) "" *',
  'LIST (RECURSIVEMATCH) "" *',
  'LIST (RECURSIVEMATCH REMOTE) "" *',
  'LIST "" * RETURN',
  'LIST "" * RETURN (X)',
  'LIST "" * RETURN (STATUS)',
  'LIST "" * x',
  'LSUB "" * x',
  'STATUS a',
  'STATUS a MESSAGES',
  'STATUS a (X)',
  'SETQUOTA a',
  'SETQUOTA a (STORAGE)',
  'GETQUOTA',
  'APPEND',
  'APPEND a',
  'APPEND a "x"',
  'APPEND a {1} x',
  'APPEND a (\\Seen {1}',
  'APPEND a "31-Feb-2020 00:00:00 +0000" {1}',
  'APPEND a "01-Jan-2020 24:00:00 +0000" {1}',
  'APPEND a UTF8 {1}',
  'APPEND a (\\*) {1}',
  'APPEND {1}',
  'EXPUNGE 1',
  'UID EXPUNGE',
  'COPY 0 a',
  'COPY 1:0 a',
  'COPY a a',
  'COPY 1',
  'COPY 4294967296 a',
  'COPY 1, a',
  'COPY 1:2:3 a',
  'COPY $,1 a',
  'STORE 1',
  'STORE 1 FLAGS',
  'STORE 1 X (a)',
  'STORE 1 +FLAGS (a',
  'STORE 1 FLAGS (\\)',
  'STORE 1 FLAGS a (b)',
  'STORE 1 (UNCHANGEDSINCE) FLAGS (a)',
  'STORE 1 (UNCHANGEDSINCE 99999999999999999999) FLAGS (a)',
  'STORE 1 (X 1) FLAGS (a)',
];
for (const line of invalid)
  test(`refuses ${JSON.stringify(line)}`, () => {
    const parsed = parseCommand(Buffer.from(`a1 ${line}`, 'latin1'));
    assert.ok(!parsed.ok, JSON.stringify(parsed));
    assert.equal(parsed.error.tag, 'a1');
    assert.match(parsed.error.text, /^[ -~]+$/);
  });

for (const [line, tag] of [
  ['', undefined],
  ['+ NOOP', undefined],
  ['(a) NOOP', undefined],
  ['a', 'a'],
  [`${'x'.repeat(200)} NOOP`, undefined],
] as const)
  test(`refuses a line without a usable tag and command: ${line.slice(0, 9)}`, () => {
    const parsed = parseCommand(Buffer.from(line));
    assert.ok(!parsed.ok);
    assert.equal(parsed.error.tag, tag);
  });
