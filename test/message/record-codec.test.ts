import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseMessage } from '../../shared/message/parser.ts';
import {
  CorruptRecord,
  decodeRecord,
  encodeRecord,
  UnknownFormat,
  uncompressedRecord,
} from '../../shared/message/record-codec.ts';
import type { MessageRecord } from '../../shared/message/structure.ts';
import { messages } from './arbitraries.ts';
import { fixture, fixtureNames } from './fixtures.ts';

/** All members, read in the given order. */
function read(encoded: Uint8Array, order: readonly (keyof MessageRecord)[]): MessageRecord {
  const lazy = decodeRecord(encoded);
  const found = Object.fromEntries(order.map((member) => [member, lazy[member]]));
  return { ...found, header: Buffer.from(lazy.header) } as unknown as MessageRecord;
}

const plain = (record: MessageRecord): MessageRecord => ({ ...record, header: Buffer.from(record.header) });

for (const codec of ['raw', 'zstd'] as const) {
  test(`a record comes back as it was (${codec})`, () =>
    fc.assert(
      fc.property(messages, (message) => {
        const record = parseMessage(message);
        const encoded = encodeRecord(record, codec);
        assert.deepEqual(read(encoded, ['size', 'header', 'envelope', 'root', 'preview']), plain(record));
        assert.deepEqual(read(encoded, ['preview', 'root', 'envelope', 'header', 'size']), plain(record));
      }),
      { numRuns: 300 },
    ));

  test(`damaged records throw a named error or decode (${codec})`, () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...fixtureNames),
        fc.nat(),
        fc.nat(255),
        fc.nat(),
        (name, at, byte, cutAt) => {
          const encoded = encodeRecord(parseMessage(fixture(name)), codec);
          encoded[at % encoded.length] = byte;
          try {
            read(encoded.subarray(0, encoded.length - (cutAt % 20)), ['root', 'size']);
          } catch (error) {
            assert.ok(error instanceof CorruptRecord || error instanceof UnknownFormat, String(error));
          }
        },
      ),
      { numRuns: 1000 },
    ));
}

test('sizes and offsets beyond 32 bits are kept', () => {
  const record = parseMessage(Buffer.from('Subject: x\r\n\r\n'));
  const huge = {
    ...record,
    size: 2 ** 45 + 3,
    root: { ...record.root, bodyEnd: 2 ** 45 + 3, lines: 2 ** 33 + 1 },
  };
  const decoded = decodeRecord(encodeRecord(huge));
  assert.equal(decoded.size, huge.size);
  assert.equal(decoded.root.bodyEnd, huge.size);
  assert.equal(decoded.root.lines, huge.root.lines);
});

test('a version or codec of the future is named as such', () => {
  const encoded = encodeRecord(parseMessage(fixture('plain')));
  assert.throws(() => decodeRecord(Uint8Array.of(3, ...encoded.subarray(1))), UnknownFormat);
  assert.throws(() => decodeRecord(Uint8Array.of(2, 2, ...encoded.subarray(2))), UnknownFormat);
  assert.throws(() => decodeRecord(new Uint8Array(0)), UnknownFormat);
});

test('the size needs no decompression', () => {
  const encoded = encodeRecord(parseMessage(fixture('plain')));
  const lazy = decodeRecord(encoded.subarray(0, 8));
  assert.equal(lazy.size, 413);
  assert.throws(() => lazy.header, CorruptRecord);
});

/** What stands in logs must stay readable: these bytes were written by the first version 1. */
test('a version 1 record written long ago reads the same', () => {
  const stored = Buffer.from(
    '01004a181e000201020204000000000000000004040401070500470300784161622e637465787468746d6c37626974636861727365' +
      '747574662d3846726f6d3a2041203c6140622e633e0d0a5375626a6563743a20780d0a436f6e74656e742d547970653a20746578' +
      '742f68746d6c3b20636861727365743d7574662d380d0a0d0a',
    'hex',
  );
  const message = 'From: A <a@b.c>\r\nSubject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>';
  assert.deepEqual(read(stored, ['preview', 'size', 'header', 'envelope', 'root']), {
    ...plain(parseMessage(Buffer.from(message))),
    preview: undefined,
  });
  assert.deepEqual(uncompressedRecord(stored), new Uint8Array(stored));
});

test('a version 2 record written long ago reads the same', () => {
  const stored = Buffer.from(
    '02005b19280002010202040000000000000000040404010705004714000b784161622e637465787468746d6c37626974636861' +
      '727365747574662d3848616c6c6f2057656c7446726f6d3a2041203c6140622e633e0d0a5375626a6563743a20780d0a436f' +
      '6e74656e742d547970653a20746578742f68746d6c3b20636861727365743d7574662d380d0a0d0a',
    'hex',
  );
  const message =
    'From: A <a@b.c>\r\nSubject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hallo <b>Welt</b>';
  const found = read(stored, ['size', 'header', 'envelope', 'root', 'preview']);
  assert.deepEqual(found, plain(parseMessage(Buffer.from(message))));
  assert.equal(found.preview, 'Hallo Welt');
});
