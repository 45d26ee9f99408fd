import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FrameLimits, LineReader } from '../../shared/imap/line-reader.ts';
import { parseAppendRest, parseCommand } from '../../shared/imap/parse-command.ts';

const limits: FrameLimits = { line: 200, literal: 50, literals: 3, discard: 500 };

/** Pieces of commands, so that chance gets past the first word. */
const pieces = fc.constantFrom(
  'a ',
  'b2 ',
  'UID ',
  'FETCH ',
  'STORE ',
  'SEARCH ',
  'APPEND ',
  'LIST ',
  'LOGIN ',
  'SELECT ',
  'STATUS ',
  'SORT ',
  'ID ',
  'NOOP',
  'x ',
  '1:* ',
  '1,2 ',
  '$ ',
  '* ',
  '(',
  ')',
  '"',
  '\\',
  ' ',
  '\r\n',
  '\n',
  '\r',
  '\0',
  '{',
  '}',
  '{0}\r\n',
  '{3}\r\n',
  '{3+}\r\n',
  '{60+}\r\n',
  '{999+}\r\n',
  '~{2+}\r\n',
  '[',
  ']',
  '<0.5>',
  'BODY',
  '.PEEK',
  'HEADER.FIELDS ',
  'FLAGS ',
  '+FLAGS ',
  '\\Seen ',
  'RETURN ',
  'ALL ',
  'NOT ',
  'OR ',
  'CHARSET ',
  'UTF-8 ',
  'SUBJECT ',
  'SINCE ',
  '1-Feb-1994 ',
  'QRESYNC ',
  'UTF8 (',
  'é',
  '\xff',
  '&APw-',
  'abc',
);
/** Whole commands that a server takes, several lines where they have literals. */
const commands = fc.constantFrom(
  'a NOOP\r\n',
  'a LOGIN {1}\r\nx {2+}\r\nyz\r\n',
  'a APPEND x (\\Seen) {3}\r\nabc\r\n',
  'a APPEND {1+}\r\nx {3+}\r\nabc (b) "17-Jul-1996 02:44:25 -0700" {5}\r\nab\r\nc\r\n',
  'a APPEND x UTF8 (~{4+}\r\na\0bc)\r\n',
  'a APPEND x {90+}\r\n'.concat('m'.repeat(90), '\r\n'),
  'a UID FETCH 1:*,7 (FLAGS BODY.PEEK[HEADER.FIELDS (To From)]<0.5> PREVIEW (LAZY)) (CHANGEDSINCE 5)\r\n',
  'a SEARCH RETURN (ALL) CHARSET UTF-8 OR (NOT SEEN 1:3) SUBJECT {2}\r\n\xc3\xa9 SINCE 1-Feb-1994\r\n',
  'a STORE $ (UNCHANGEDSINCE 3) +FLAGS.SILENT (\\Seen x)\r\n',
  'a LIST (SUBSCRIBED) "" ("&APw-*" %) RETURN (STATUS (MESSAGES))\r\n',
  'a SELECT x (QRESYNC (1 2 3:4 (5 6)))\r\n',
  'a ID ("x" {1+}\r\ny)\r\n',
);
const octets = (text: string) => Buffer.from(text, 'latin1');
/** A command with some of its octets taken out and other ones put in. */
const damaged = fc
  .tuple(commands, fc.nat(200), fc.nat(4), fc.oneof(pieces, fc.constant('')))
  .map(([command, at, count, piece]) => {
    const where = at % (command.length + 1);
    return command.slice(0, where) + piece + command.slice(where + count);
  });
const noise = fc.array(pieces, { maxLength: 12, size: 'max' }).map((all) => `${all.join('')}\r\n`);
const stream = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: commands.map(octets) },
      { weight: 5, arbitrary: damaged.map(octets) },
      { weight: 2, arbitrary: noise.map(octets) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 30, size: 'max' }) },
    ),
    { maxLength: 10, size: 'max' },
  )
  .map((all) => Buffer.concat(all));

/** What a server would see of a stream cut into chunks; with all that it would do at each step. */
function transcript(bytes: Buffer, cuts: readonly number[]): string[] {
  const reader = new LineReader(limits);
  const seen: string[] = [];
  let message: { flags: []; internalDate: undefined; size: number; content: 'text' } | undefined;
  let last = 0;
  for (const end of [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))]
    .sort((a, b) => a - b)
    .concat(bytes.length)) {
    if (end === last) continue;
    const before = reader.buffered;
    reader.push(Buffer.from(bytes.subarray(last, end)));
    assert.equal(reader.buffered, before + end - last);
    last = end;
    for (;;) {
      if (reader.messageLeft > 0) {
        const part = reader.nextMessageBytes();
        if (!part) break;
        for (const octet of part) seen.push(`octet ${octet}`);
        continue;
      }
      const frame = message ? reader.nextAfterMessage() : reader.nextCommand();
      if (!frame) break;
      seen.push(frame.kind);
      if (frame.kind === 'fatal') return seen;
      if (frame.kind === 'bad') message = undefined;
      if (frame.kind !== 'command') continue;
      const parsed = message ? parseAppendRest(frame.bytes, message) : parseCommand(frame.bytes);
      seen.push(JSON.stringify(parsed));
      message = undefined;
      if (!frame.message) continue;
      if (parsed.ok && frame.message.size < 70) {
        reader.acceptMessage();
        message = { flags: [], internalDate: undefined, size: 1, content: 'text' };
      } else reader.refuseMessage();
    }
    // A command, its literals, and the chunk at hand: never more.
    assert.ok(reader.buffered <= limits.line + limits.literal + (end - last) + 64);
  }
  return seen;
}

test('any octets in any chunks are commands or refusals, the same ones however they are cut', () =>
  fc.assert(
    fc.property(stream, fc.array(fc.nat(2000), { maxLength: 12, size: 'max' }), (bytes, cuts) => {
      const whole = transcript(bytes, []);
      const cut = transcript(bytes, cuts);
      const singly = transcript(bytes, [...bytes.keys()]);
      assert.deepEqual(cut, whole);
      assert.deepEqual(singly, whole);
    }),
    { numRuns: 1500 },
  ));

test('any line is a command or a BadSyntax, never a throw', () =>
  fc.assert(
    fc.property(stream, fc.constantFrom('modifiedUtf7' as const, 'utf8' as const), (bytes, names) => {
      for (const line of [bytes, Buffer.concat([Buffer.from('a '), bytes])]) {
        const parsed = parseCommand(line, names);
        if (!parsed.ok) assert.match(parsed.error.text, /^[ -~]+$/);
      }
    }),
    { numRuns: 1500 },
  ));

test('a line as long as allowed is read in time that grows with its length', () => {
  const long = (head: string, piece: string) =>
    parseCommand(Buffer.from(head + piece.repeat(65_536 / piece.length)));
  for (const [head, piece] of [
    ['a SEARCH ', 'ALL '],
    ['a SEARCH ', '('],
    ['a SEARCH ', 'NOT '],
    ['a SEARCH SUBJECT "', '\\"'],
    ['a FETCH ', '1,'],
    ['a FETCH 1 (', 'UID '],
    ['a FETCH 1 BODY[', '1.'],
    ['a SELECT "', '&'],
    ['a SELECT "', '&-'],
    ['a STORE 1 FLAGS (', '\\a '],
    ['a LOGIN ', ' '],
    ['a ID (', '"" NIL '],
    ['a LIST "" (', '* '],
  ] as const)
    assert.equal(typeof long(head, piece).ok, 'boolean');
});
