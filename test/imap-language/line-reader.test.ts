import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FrameLimits, LineReader, limitsAfterLogin } from '../../shared/imap/line-reader.ts';

const limits: FrameLimits = { line: 40, literal: 20, literals: 2, discard: 100 };

/** Everything a reader says to the octets, as short strings; messages accepted. */
function readAll(
  chunks: readonly string[],
  given = limits,
  decide: 'accept' | 'refuse' = 'accept',
): string[] {
  const reader = new LineReader(given);
  const said: string[] = [];
  let where: 'command' | 'append' = 'command';
  for (const chunk of chunks) {
    reader.push(Buffer.from(chunk, 'latin1'));
    for (;;) {
      if (reader.messageLeft > 0) {
        const bytes = reader.nextMessageBytes();
        if (!bytes) break;
        const text = Buffer.from(bytes).toString('latin1');
        if (said.at(-1)?.startsWith('bytes ')) said.push(`${said.pop()}${text}`);
        else said.push(`bytes ${text}`);
        continue;
      }
      const frame = where === 'command' ? reader.nextCommand() : reader.nextAfterMessage();
      if (!frame) break;
      if (frame.kind === 'fatal') return [...said, 'fatal'];
      if (frame.kind === 'continue') said.push('+');
      else if (frame.kind === 'bad') said.push(`bad ${frame.tag}: ${frame.text}`);
      else {
        said.push(`${where} ${Buffer.from(frame.bytes).toString('latin1')}`);
        where = 'command';
        if (frame.message && decide === 'refuse') {
          said.push('refused');
          reader.refuseMessage();
        } else if (frame.message) {
          said.push(`message ${frame.message.size} ${frame.message.sync}`);
          reader.acceptMessage();
          where = 'append';
        }
      }
    }
  }
  return said;
}

const cases: readonly (readonly [name: string, input: string, said: readonly string[]])[] = [
  ['commands one after another', 'a NOOP\r\nb NOOP\r\n', ['command a NOOP', 'command b NOOP']],
  [
    'line ends of LF alone, and empty lines',
    '\r\na NOOP\n\n\r\nb NOOP\n',
    ['command a NOOP', 'command b NOOP'],
  ],
  ['a line without its end waits', 'a NOOP\r\nb NO', ['command a NOOP']],
  ['a synchronising literal is asked for', 'a LOGIN {1}\r\nx y\r\n', ['+', 'command a LOGIN {1}\r\nx y']],
  [
    'LITERAL+ is not',
    'a LOGIN {1+}\r\nx {1+}\r\ny\r\nb NOOP\r\n',
    ['command a LOGIN {1+}\r\nx {1+}\r\ny', 'command b NOOP'],
  ],
  [
    'line ends inside a literal are its own',
    'a LOGIN {4+}\r\n\r\n\r\n y\r\n',
    ['command a LOGIN {4+}\r\n\r\n\r\n y'],
  ],
  ['an empty literal', 'a LOGIN {0+}\r\n y\r\n', ['command a LOGIN {0+}\r\n y']],
  [
    'braces that announce nothing',
    'a X {}\r\nb {1}x\r\nc {x}\r\n',
    ['command a X {}', 'command b {1}x', 'command c {x}'],
  ],
  [
    'too many literals',
    'a X {1+}\r\nx {1+}\r\nx {1+}\r\nx {2+}\r\nab\r\nb NOOP\r\n',
    ['bad a: Literal is too large', 'command b NOOP'],
  ],
  [
    'a synchronising literal that is too large',
    'a X {21}\r\nb NOOP\r\n',
    ['bad a: Literal is too large', 'command b NOOP'],
  ],
  [
    'a literal too large that comes anyway',
    `a X {21+}\r\n${'y'.repeat(21)} {3+}\r\n\r\n\n\r\nb NOOP\r\n`,
    ['bad a: Literal is too large', 'command b NOOP'],
  ],
  ['a literal too large to throw away', 'a X {101+}\r\n', ['bad a: Literal is too large', 'fatal']],
  [
    'a line that is too long',
    `a ${'x'.repeat(50)}\r\nb NOOP\r\n`,
    ['bad a: Command line is too long', 'command b NOOP'],
  ],
  [
    'a line too long that announces a literal',
    `a ${'x'.repeat(50)} {9+}\r\nz NOOP\r\n \r\nb NOOP\r\n`,
    ['bad a: Command line is too long', 'command b NOOP'],
  ],
  ['a line that never ends', `a ${'x'.repeat(200)}`, ['bad a: Command line is too long', 'fatal']],
  [
    'APPEND offers its message',
    'a APPEND x {3}\r\nabc\r\nb NOOP\r\n',
    ['command a APPEND x {3}', 'message 3 wait', 'bytes abc', 'append ', 'command b NOOP'],
  ],
  [
    'APPEND with LITERAL+ and literal8',
    'a append x ~{3+}\r\na\0c\r\n',
    ['command a append x ~{3+}', 'message 3 sent', 'bytes a\0c', 'append '],
  ],
  [
    'APPEND of several messages',
    'a APPEND x {1+}\r\na (\\Seen) {2+}\r\nbb\r\n',
    [
      'command a APPEND x {1+}',
      'message 1 sent',
      'bytes a',
      'append  (\\Seen) {2+}',
      'message 2 sent',
      'bytes bb',
      'append ',
    ],
  ],
  [
    'APPEND with its mailbox as a literal',
    'a APPEND {1+}\r\nx {3+}\r\nabc\r\n',
    ['command a APPEND {1+}\r\nx {3+}', 'message 3 sent', 'bytes abc', 'append '],
  ],
  [
    'APPEND of an empty message',
    'a APPEND x {0}\r\n\r\n',
    ['command a APPEND x {0}', 'message 0 wait', 'append '],
  ],
  [
    'APPEND larger than any literal may be',
    `a APPEND x {50+}\r\n${'m'.repeat(50)}\r\n`,
    ['command a APPEND x {50+}', 'message 50 sent', `bytes ${'m'.repeat(50)}`, 'append '],
  ],
];
for (const [name, input, said] of cases) {
  test(`${name}, in one piece`, () => assert.deepEqual(readAll([input]), said));
  test(`${name}, octet by octet`, () => assert.deepEqual(readAll([...input]), said));
}

const refusals: readonly (readonly [string, string, readonly string[]])[] = [
  ['that waits', 'a APPEND x {3}\r\nb NOOP\r\n', ['command a APPEND x {3}', 'refused', 'command b NOOP']],
  [
    'that comes anyway',
    'a APPEND x {3+}\r\nabc {2+}\r\n\r\n\r\nb NOOP\r\n',
    ['command a APPEND x {3+}', 'refused', 'command b NOOP'],
  ],
  ['too large to throw away', 'a APPEND x {101+}\r\n', ['command a APPEND x {101+}', 'refused', 'fatal']],
];
for (const [name, input, said] of refusals)
  test(`a refused message ${name}`, () => {
    assert.deepEqual(readAll([input], limits, 'refuse'), said);
    assert.deepEqual(readAll([...input], limits, 'refuse'), said);
  });

test('a message given up half way is thrown away to the end of its command', () => {
  const reader = new LineReader(limits);
  reader.push(Buffer.from('a APPEND x {6}\r\nabc'));
  reader.nextCommand();
  reader.acceptMessage();
  assert.equal(Buffer.from(reader.nextMessageBytes()!).toString(), 'abc');
  reader.refuseMessage();
  assert.equal(reader.nextCommand(), undefined);
  reader.push(Buffer.from('def\r\nb NOOP\r\n'));
  const frame = reader.nextCommand();
  assert.ok(frame?.kind === 'command');
  assert.equal(Buffer.from(frame.bytes).toString(), 'b NOOP');
});

test('commands behind DONE in one packet are kept for after it', () => {
  const reader = new LineReader();
  reader.push(Buffer.from('a IDLE\r\nDONE\r\nb NOOP\r\n'));
  assert.equal(reader.nextCommand()?.kind, 'command');
  const line = reader.nextLine();
  assert.ok(line?.kind === 'line');
  assert.equal(Buffer.from(line.bytes).toString(), 'DONE');
  const frame = reader.nextCommand();
  assert.ok(frame?.kind === 'command');
  assert.equal(Buffer.from(frame.bytes).toString(), 'b NOOP');
});

test('raw lines announce no literals, arrive in pieces, and are bounded', () => {
  const reader = new LineReader(limits);
  reader.push(Buffer.from('{3'));
  assert.equal(reader.nextLine(), undefined);
  reader.push(Buffer.from('}\r\n'));
  const line = reader.nextLine();
  assert.ok(line?.kind === 'line');
  assert.equal(Buffer.from(line.bytes).toString(), '{3}');
  reader.push(Buffer.from('x'.repeat(41)));
  assert.equal(reader.nextLine()?.kind, 'fatal');
});

test('what was sent behind STARTTLS can be forgotten', () => {
  const reader = new LineReader();
  reader.push(Buffer.from('a STARTTLS\r\nb LOGIN x y\r\nc NO'));
  reader.nextCommand();
  assert.equal(reader.discardBuffered(), 17);
  assert.equal(reader.nextCommand(), undefined);
  reader.push(Buffer.from('d NOOP\r\n'));
  const frame = reader.nextCommand();
  assert.ok(frame?.kind === 'command');
  assert.equal(Buffer.from(frame.bytes).toString(), 'd NOOP');
});

test('limits raised at sign-in hold from the next command on', () => {
  const reader = new LineReader(limits);
  reader.limits = limitsAfterLogin;
  reader.push(Buffer.from(`a ${'x'.repeat(1000)}\r\n`));
  assert.equal(reader.nextCommand()?.kind, 'command');
});

test('octets given out stay as they are when more is pushed', () => {
  const reader = new LineReader();
  reader.push(Buffer.from('a NO'));
  assert.equal(reader.nextCommand(), undefined);
  reader.push(Buffer.from('OP\r\nb'));
  const frame = reader.nextCommand();
  assert.ok(frame?.kind === 'command');
  for (let i = 0; i < 100; i++) reader.push(Buffer.from('x'.repeat(50)));
  assert.equal(Buffer.from(frame.bytes).toString(), 'a NOOP');
});
