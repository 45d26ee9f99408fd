import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMessage } from '../../shared/message/parser.ts';
import { findPart, leavesOf, type PartSpecifier, sectionRange } from '../../shared/message/part.ts';
import { fixture } from './fixtures.ts';

/** The example of RFC 9051 §6.4.5, as far as numbering goes. */
const nested = `Subject: outer
Content-Type: multipart/mixed; boundary=o

--o

one
--o
Content-Type: application/octet-stream

two
--o
Content-Type: message/rfc822
X-Mime: 3

Subject: inner
Content-Type: multipart/mixed; boundary=i

--i

three.one
--i
Content-Type: application/octet-stream

three.two
--i--
--o
Content-Type: multipart/mixed; boundary=p

--p
Content-Type: image/gif
X-Mime: 4.1

four.one
--p
Content-Type: message/rfc822

Subject: deep
Content-Type: text/plain

four.two.one
--p--
--o--
`;

const bytes = Buffer.from(nested);
const { root } = parseMessage(bytes);

function section(path: readonly number[], specifier: PartSpecifier): string | undefined {
  const range = sectionRange(root, path, specifier);
  return range && bytes.subarray(range.start, range.end).toString();
}

for (const [path, specifier, want] of [
  [[1], 'body', 'one'],
  [[1], 'mime', '\n'],
  [[2], 'body', 'two'],
  [[2], 'mime', 'Content-Type: application/octet-stream\n\n'],
  [[3], 'mime', 'Content-Type: message/rfc822\nX-Mime: 3\n\n'],
  [[3], 'header', 'Subject: inner\nContent-Type: multipart/mixed; boundary=i\n\n'],
  [[3], 'text', '--i\n\nthree.one\n--i\nContent-Type: application/octet-stream\n\nthree.two\n--i--'],
  [[3, 1], 'body', 'three.one'],
  [[3, 2], 'body', 'three.two'],
  [[4, 1], 'body', 'four.one'],
  [[4, 1], 'mime', 'Content-Type: image/gif\nX-Mime: 4.1\n\n'],
  [[4, 2], 'header', 'Subject: deep\nContent-Type: text/plain\n\n'],
  [[4, 2], 'text', 'four.two.one'],
  [[4, 2, 1], 'body', 'four.two.one'],
  [[4, 2, 1], 'mime', 'Subject: deep\nContent-Type: text/plain\n\n'],
  [[], 'header', 'Subject: outer\nContent-Type: multipart/mixed; boundary=o\n\n'],
  [[], 'body', nested],
  [[], 'mime', undefined],
  [[1], 'header', undefined],
  [[4], 'text', undefined],
  [[4, 1], 'header', undefined],
  [[5], 'body', undefined],
  [[0], 'body', undefined],
  [[1, 1], 'body', undefined],
  [[4, 2, 2], 'body', undefined],
] as const)
  test(`BODY[${[...path, ...(specifier === 'body' ? [] : [specifier])].join('.')}]`, () =>
    assert.equal(section(path, specifier), want));

test('BODY[TEXT] is what follows the header', () => {
  assert.equal(`${section([], 'header')}${section([], 'text')}`, nested);
});

test('part 1 of a message that is no multipart is its body', () => {
  const plain = fixture('plain');
  const record = parseMessage(plain);
  assert.deepEqual(sectionRange(record.root, [1], 'body'), sectionRange(record.root, [], 'text'));
  assert.equal(findPart(record.root, [1, 1]), undefined);
  assert.equal(findPart(record.root, [2]), undefined);
});

test('a message whose whole body is a message', () => {
  const { root: outer } = parseMessage(Buffer.from('Content-Type: message/rfc822\n\nSubject: in\n\nbody'));
  assert.equal(findPart(outer, [1]), outer);
  assert.ok(outer.kind === 'message');
  assert.equal(findPart(outer, [1, 1]), outer.content);
});

test('leaves come in the order of the message', () => {
  assert.deepEqual(
    [...leavesOf(root)].map((leaf) => bytes.subarray(leaf.bodyStart, leaf.bodyEnd).toString()),
    ['one', 'two', 'three.one', 'three.two', 'four.one', 'four.two.one'],
  );
});
