import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { MessageParser, parseMessage, parserLimits } from '../../shared/message/parser.ts';
import type { MessageRecord, Part } from '../../shared/message/structure.ts';
import { cut, messages } from './arbitraries.ts';
import { fixture, fixtureNames, goldenUrl, outline } from './fixtures.ts';

const parse = (text: string): MessageRecord => parseMessage(Buffer.from(text, 'latin1'));

function parseChunks(chunks: Iterable<Uint8Array>): {
  readonly record: MessageRecord;
  readonly visited: number;
} {
  const parser = new MessageParser();
  for (const chunk of chunks) parser.push(chunk);
  const record = parser.end();
  return { record, visited: parser.visited };
}

/** What must hold of every tree, whatever the message. */
function checkPart(part: Part, from: number, to: number): void {
  assert.ok(from <= part.headerStart && part.headerStart <= part.bodyStart);
  assert.ok(part.bodyStart <= part.bodyEnd && part.bodyEnd <= to);
  if (part.kind === 'message') {
    assert.equal(part.content.headerStart, part.bodyStart);
    assert.equal(part.content.bodyEnd, part.bodyEnd);
    checkPart(part.content, part.bodyStart, part.bodyEnd);
  }
  if (part.kind === 'multipart') {
    assert.ok(part.parts.length > 0);
    let end = part.bodyStart;
    for (const child of part.parts) {
      checkPart(child, end, part.bodyEnd);
      end = child.bodyEnd;
    }
  }
}

function checkLines(part: Part, message: Uint8Array): void {
  let count = 0;
  for (const byte of message.subarray(part.bodyStart, part.bodyEnd)) if (byte === 10) count++;
  assert.equal(part.lines, count);
  if (part.kind === 'message') checkLines(part.content, message);
  if (part.kind === 'multipart') for (const child of part.parts) checkLines(child, message);
}

for (const name of fixtureNames)
  test(`structure of ${name}`, () =>
    assert.equal(outline(parseMessage(fixture(name))), readFileSync(goldenUrl(name), 'utf8')));

test('every input has a structure with nested offsets and true line counts', () =>
  fc.assert(
    fc.property(messages, (message) => {
      const record = parseMessage(message);
      assert.equal(record.size, message.length);
      assert.equal(record.root.headerStart, 0);
      assert.equal(record.root.bodyEnd, message.length);
      assert.deepEqual(Buffer.from(record.header), Buffer.from(message.subarray(0, record.root.bodyStart)));
      checkPart(record.root, 0, message.length);
      checkLines(record.root, message);
    }),
    { numRuns: 1000 },
  ));

test('how the input is cut into chunks makes no difference', () =>
  fc.assert(
    fc.property(messages, fc.array(fc.nat(), { maxLength: 12 }), (message, places) => {
      const whole = parseMessage(message);
      assert.deepEqual(parseChunks(cut(message, places)).record, whole);
      assert.deepEqual(parseChunks(Array.from(message, (byte) => Uint8Array.of(byte))).record, whole);
    }),
    { numRuns: 300 },
  ));

test('a header block beyond the cap is cut at the cap, and what follows is body', () => {
  const message = Buffer.concat([
    Buffer.from('Subject: kept\r\nX-Long: '),
    Buffer.alloc(parserLimits.header, 'x'),
    Buffer.from('\r\nTo: late@example.org\r\n\r\nbody\r\n'),
  ]);
  const { record } = parseChunks(cut(message, [5000, 600_000]));
  assert.equal(record.header.length, parserLimits.header);
  assert.equal(record.root.bodyStart, parserLimits.header);
  assert.equal(record.envelope.subject, 'kept');
  assert.deepEqual(record.envelope.to, []);
  assert.equal(record.size, message.length);
});

test('a header block just under the cap is kept complete', () => {
  const line = `X-Filler: ${'x'.repeat(88)}\r\n`;
  const header = `${line.repeat(Math.floor((parserLimits.header - 40) / 100))}Subject: last\r\n\r\n`;
  const record = parse(`${header}body`);
  assert.equal(Buffer.from(record.header).toString(), header);
  assert.equal(record.envelope.subject, 'last');
});

const nest = (levels: number): string => {
  let text = '';
  for (let i = 0; i < levels; i++)
    text += `Content-Type: multipart/mixed; boundary=b${i}x\r\n\r\n--b${i}x\r\n`;
  return `${text}\r\ninnermost\r\n`;
};

const depthOf = (part: Part): number => {
  if (part.kind === 'leaf') return 1;
  return 1 + (part.kind === 'message' ? depthOf(part.content) : Math.max(...part.parts.map(depthOf)));
};

const countOf = (part: Part): number => {
  if (part.kind === 'leaf') return 1;
  return (
    1 + (part.kind === 'message' ? countOf(part.content) : part.parts.reduce((n, p) => n + countOf(p), 0))
  );
};

test('a thousand nested multiparts end in an opaque leaf at the depth limit', () => {
  const { root } = parse(nest(1000));
  assert.equal(depthOf(root), parserLimits.depth);
  let part = root;
  while (part.kind === 'multipart') part = part.parts[0]!;
  assert.equal(`${part.type}/${part.subtype}`, 'application/octet-stream');
});

test('a thousand messages within messages end in an opaque leaf at the depth limit', () => {
  const { root } = parse('Content-Type: message/rfc822\r\n\r\n'.repeat(1000));
  assert.equal(depthOf(root), parserLimits.depth);
});

test('an outer boundary ends whatever is open inside, at any depth', () => {
  const { root } = parse(`${nest(50)}--b0x\r\n\r\nsecond\r\n--b0x--\r\n`);
  assert.ok(root.kind === 'multipart');
  assert.equal(root.parts.length, 2);
  assert.equal(depthOf(root.parts[0]!), 50);
});

test('of too many parts the last reaches to the end of the message', () => {
  const message = `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\npart\r\n'.repeat(5000)}--b--\r\n`;
  const { root, size } = parse(message);
  assert.equal(countOf(root), parserLimits.parts);
  assert.ok(root.kind === 'multipart');
  assert.equal(root.parts.at(-1)!.bodyEnd, size);
});

test('part headers beyond their bounds end the splitting, not the parsing', () => {
  const part = `--b\r\nX-Filler: ${'x'.repeat(parserLimits.partHeader)}\r\n\r\nbody\r\n`;
  const message = Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${part.repeat(20)}--b--\r\n`);
  const { root, size } = parseMessage(message);
  checkPart(root, 0, size);
  checkLines(root, message);
  assert.ok(root.kind === 'multipart');
  assert.equal(root.parts.length, parserLimits.partHeaders / parserLimits.partHeader);
});

test('an encoded message is not looked into, a plain one is', () => {
  const kindOf = (encoding: string): string => {
    const { root } = parse(
      `Content-Type: message/global\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\nSubject: x\r\n\r\n`,
    );
    return root.kind;
  };
  assert.deepEqual(['7bit', '8BIT', 'binary', 'base64', 'x-other'].map(kindOf), [
    'message',
    'message',
    'message',
    'leaf',
    'leaf',
  ]);
});

for (const [what, unit] of [
  ['lines that begin like delimiters', '--\n'],
  ['dashes without a line end', '-'],
  ['almost the boundary', '--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\r\n'],
  ['empty lines', '\n'],
  ['carriage returns', '\r'],
  ['delimiters', '--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'],
  ['field after field', 'a:b\r\n'],
  ['one unending line', 'x'],
] as const)
  test(`the work is linear in the message: ${what}`, () => {
    const boundary = (i: number): string => 'a'.repeat(65 - (i % 60));
    let head = '';
    for (let i = 0; i < 60; i++)
      head += `Content-Type: multipart/mixed; boundary=${boundary(i)}\r\n\r\n--${boundary(i)}\r\n`;
    const message = Buffer.from(head + unit.repeat(Math.ceil(3_000_000 / unit.length)));
    const chunks = Array.from({ length: Math.ceil(message.length / 777) }, (_, i) =>
      message.subarray(i * 777, (i + 1) * 777),
    );
    const { visited } = parseChunks(chunks);
    // every byte a few times at the most, and a piece of each part that turned out not to be its header
    assert.ok(visited < 4 * message.length + 4096 * parserLimits.parts, `${visited} of ${message.length}`);
  });
