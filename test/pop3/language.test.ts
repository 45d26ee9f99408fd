import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseCommand } from '../../shared/pop3/command.ts';
import { LineReader } from '../../shared/pop3/line-reader.ts';
import { DotStuffer, TopCut } from '../../shared/pop3/message-stream.ts';
import { parsePlain } from '../../shared/pop3/sasl-plain.ts';

const parse = (line: string) => parseCommand(Buffer.from(line));
const bad = (usage: string) => ({ ok: false, error: { kind: 'syntax', usage } });

for (const [line, want] of [
  ['STAT', { kind: 'STAT' }],
  ['stat ', { kind: 'STAT' }],
  ['LIST', { kind: 'LIST', message: undefined }],
  ['LIST  7 ', { kind: 'LIST', message: 7 }],
  ['UIDL 007', { kind: 'UIDL', message: 7 }],
  ['RETR 99999999999999999999999', { kind: 'RETR', message: Number.MAX_SAFE_INTEGER }],
  ['top 1 0', { kind: 'TOP', message: 1, lines: 0 }],
  ['USER anna@example.org', { kind: 'USER', name: 'anna@example.org' }],
  ['USER änne@example.org', { kind: 'USER', name: 'änne@example.org' }],
  ['PASS  two  spaces ', { kind: 'PASS', password: ' two  spaces ' }],
  ['AUTH', { kind: 'AUTH', mechanism: undefined, initial: undefined }],
  ['AUTH plain =', { kind: 'AUTH', mechanism: 'PLAIN', initial: '=' }],
  ['LANG *', { kind: 'LANG', tag: '*' }],
] as const)
  test(`${JSON.stringify(line)} is a command`, () =>
    assert.deepEqual(parse(line), { ok: true, value: want }));

for (const [line, want] of [
  ['STAT 1', bad('STAT')],
  ['RETR', bad('RETR message')],
  ['RETR -1', bad('RETR message')],
  ['RETR 1 2', bad('RETR message')],
  ['RETR 1e3', bad('RETR message')],
  ['TOP 1', bad('TOP message lines')],
  ['TOP 1 -5', bad('TOP message lines')],
  ['PASS', bad('PASS password')],
  ['USER  ', bad('USER name')],
  ['AUTH PLAIN a b', bad('AUTH mechanism [initial-response]')],
  ['XTND XMIT', { ok: false, error: { kind: 'unknown' } }],
  ['', { ok: false, error: { kind: 'unknown' } }],
  ['__proto__', { ok: false, error: { kind: 'unknown' } }],
] as const)
  test(`${JSON.stringify(line)} is none`, () => assert.deepEqual(parse(line), want));

test('a password in Latin-1 is read as such', () =>
  assert.deepEqual(parseCommand(Buffer.from('PASS \xfcber', 'latin1')), {
    ok: true,
    value: { kind: 'PASS', password: 'über' },
  }));

test('any line is a command or a BadCommand, never a throw', () =>
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (line) => void parseCommand(line))));

const linesOf = (reader: LineReader) => {
  const lines: string[] = [];
  for (let line = reader.next(); line !== undefined; line = reader.next())
    lines.push(line === 'tooLong' ? line : Buffer.from(line).toString());
  return lines;
};

test('lines are the same however the octets are cut', () =>
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 })), (cuts) => {
      const bytes = Buffer.from(`STAT\r\nLIST 1\nx${'y'.repeat(40)}\r\n\r\nQUIT\r\n`);
      const reader = new LineReader(20);
      const lines: string[] = [];
      let at = 0;
      for (const cut of [...cuts, bytes.length]) {
        reader.push(bytes.subarray(at, at + cut));
        at += cut;
        lines.push(...linesOf(reader));
      }
      assert.deepEqual(lines, ['STAT', 'LIST 1', 'tooLong', '', 'QUIT']);
    }),
  ));

/** The octets of an answer, the message cut into chunks of these sizes. */
function stuff(message: Buffer, cuts: readonly number[]): string {
  const stuffer = new DotStuffer();
  const out: Uint8Array[] = [];
  let at = 0;
  for (const cut of [...cuts, message.length]) {
    out.push(...stuffer.push(message.subarray(at, at + cut)));
    at += cut;
  }
  return Buffer.concat([...out, stuffer.end()]).toString('latin1');
}

const messages = fc
  .array(fc.constantFrom('.', '..', 'a', 'hello', '\r', '\n', '\r\n', '\r\n.'), { maxLength: 30 })
  .map((parts) => parts.join(''));
const cuts = fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 20 });

test('a stuffed message is its lines with CRLF, dots doubled, however it is cut', () =>
  fc.assert(
    fc.property(messages, cuts, (message, sizes) => {
      const lines = message.replace(/\r?\n/g, '\n').split('\n');
      if (lines.at(-1) === '') lines.pop();
      const want = `${lines.map((line) => `${line.startsWith('.') ? '.' : ''}${line}\r\n`).join('')}.\r\n`;
      assert.equal(stuff(Buffer.from(message), sizes), want);
    }),
  ));

test('a chunk without dots at line starts passes as it is', () => {
  const chunk = Buffer.from('one\r\ntwo\r\n');
  assert.equal(new DotStuffer().push(chunk)[0], chunk);
});

function cutTop(message: string, lines: number, sizes: readonly number[]): string {
  const cut = new TopCut(lines);
  const bytes = Buffer.from(message);
  let out = '';
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    out += Buffer.from(cut.push(bytes.subarray(at, at + size))).toString();
    at += size;
  }
  return out;
}

test('TOP is the header, the empty line and so many lines, however the message is cut', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5 }), cuts, (lines, sizes) => {
      const header = 'Subject: x\r\nX: y\r\n\r\n';
      const body = ['one\r\n', '\r\n', 'three\r\n'];
      assert.equal(cutTop(header + body.join(''), lines, sizes), header + body.slice(0, lines).join(''));
    }),
  ));

for (const [response, want] of [
  [
    Buffer.from('\0anna\0secret').toString('base64'),
    { authorizationId: '', authenticationId: 'anna', password: 'secret' },
  ],
  ['=', undefined],
  ['!!!!', undefined],
  [Buffer.from('anna\0secret').toString('base64'), undefined],
  [Buffer.from('\0anna\0').toString('base64'), undefined],
  [Buffer.from('\0a\0b\0c').toString('base64'), undefined],
] as const)
  test(`the PLAIN response ${response} ${want ? 'says who signs in' : 'is refused'}`, () => {
    const parsed = parsePlain(response);
    assert.deepEqual(parsed.ok ? parsed.value : undefined, want);
  });
