import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fieldAt, fieldValue, fieldValues, headerFields } from '../../shared/message/header.ts';
import { unfold } from '../../shared/message/header-text.ts';
import { parseMessage } from '../../shared/message/parser.ts';
import { messages } from './arbitraries.ts';

const header = Buffer.from(
  'From x Tue Mar  3 09:15:02 2026\r\nSubject: one\r\n two\r\nTO: a@x\nX-8: \xe4\r\nTo : b@y\r\nsubject: again\r\n\r\n',
  'latin1',
);
const only = (names: readonly string[], choose: 'only' | 'allBut' = 'only'): string =>
  Buffer.from(headerFields(header, names, choose)).toString('latin1');

test('HEADER.FIELDS gives exact bytes in message order and the empty line', () => {
  assert.equal(
    only(['to', 'Subject']),
    'Subject: one\r\n two\r\nTO: a@x\nTo : b@y\r\nsubject: again\r\n\r\n',
  );
  assert.equal(only(['x-8']), 'X-8: \xe4\r\n\r\n');
  assert.equal(only(['none']), '\r\n');
});

test('HEADER.FIELDS.NOT gives the others', () => {
  assert.equal(only(['to', 'subject'], 'allBut'), 'X-8: \xe4\r\n\r\n');
});

test('a last line without its end gets one, so that the empty line is one', () => {
  assert.equal(
    Buffer.from(headerFields(Buffer.from('A: 1\r\nB: 2'), ['b'], 'only')).toString(),
    'B: 2\r\n\r\n',
  );
  assert.equal(Buffer.from(headerFields(Buffer.from(''), ['b'], 'allBut')).toString(), '\r\n');
});

test('values are unfolded, UTF-8 where valid, else Latin-1', () => {
  assert.equal(fieldValue(header, 'subject'), 'one two');
  assert.deepEqual(fieldValues(header, 'to'), ['a@x', 'b@y']);
  assert.equal(fieldValue(header, 'x-8'), 'ä');
  assert.equal(fieldValue(Buffer.from('X-8: ä\r\n'), 'x-8'), 'ä');
});

for (const [folded, want] of [
  ['a\r\n b', 'a b'],
  ['a\n\tb', 'a\tb'],
  ['a\r\r\n b', 'a  b'],
  ['a\rb', 'a b'],
  ['a\0b', 'ab'],
  [' \r\n a \r\n', 'a'],
  ['', ''],
] as const)
  test(`unfolding ${JSON.stringify(folded)}`, () => assert.equal(unfold(folded), want));

test('fields follow one another within the header, whatever it is', () =>
  fc.assert(
    fc.property(messages, (message) => {
      const block = parseMessage(message).header;
      let at = 0;
      for (let field = fieldAt(block, 0); field !== undefined; field = fieldAt(block, field.end)) {
        assert.ok(at <= field.start && field.start < field.valueStart && field.valueStart <= field.end);
        assert.ok(field.end <= block.length);
        assert.ok(field.name.length > 0);
        at = field.end;
      }
    }),
    { numRuns: 500 },
  ));

test('HEADER.FIELDS and HEADER.FIELDS.NOT share out all fields', () =>
  fc.assert(
    fc.property(
      messages,
      fc.array(fc.constantFrom('from', 'to', 'content-type', 'a', 'subject')),
      (message, names) => {
        const block = parseMessage(message).header;
        const size = (choose: 'only' | 'allBut', list: readonly string[]): number => {
          const out = headerFields(block, list, choose);
          assert.equal(Buffer.from(out).toString('latin1').endsWith('\n\r\n') || out.length === 2, true);
          return fieldAtAll(out);
        };
        assert.equal(size('only', names) + size('allBut', names), fieldAtAll(block));
      },
    ),
    { numRuns: 300 },
  ));

function fieldAtAll(block: Uint8Array): number {
  let count = 0;
  for (let field = fieldAt(block, 0); field !== undefined; field = fieldAt(block, field.end)) count++;
  return count;
}

test('a value of line ends alone is unfolded in no time to speak of', () => {
  for (const unit of ['\r', '\n', '\r\n', '\n ', '\r ', '\0']) assert.equal(unfold(unit.repeat(500_000)), '');
});
