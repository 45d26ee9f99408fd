import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { parseMessage } from '../../shared/message/parser.ts';
import {
  CorruptRecord,
  decodeRecord,
  encodeRecord,
  UnknownFormat,
  uncompressedRecord,
} from '../../shared/message/record-codec.ts';
import { recordDictionary } from '../../shared/message/record-dictionary.ts';
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
  assert.throws(() => decodeRecord(Uint8Array.of(2, 3, ...encoded.subarray(2))), UnknownFormat);
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

const older = {
  'without a dictionary':
    '0101a801810228b52ffd600100350600228c2b29406bab03c3300c039c414d48432ffad86ae4f749fde20e7cbaf558504ae3093315a1ced9' +
    'cfe0f99b04acb1c60f82424e95b471f6914ba155e08419f553d0d39bdf2513886bfaa695813503e6801fadd0b57f708dc3c1c1dac4afe523' +
    'a2f4f89d5f30bf0a618d2199b80017dce01755db80e0222df5af858ffc8cb0296425ce7957496246fdf4f4964cfc9dff9d0d4f9c1a1fd587' +
    '64226c4c0a604d2845c01a5816b5280496528ba22c4531080207006006c552b33b2e433be41d34831e142e0a401d',
  'with dictionary 1':
    '0102a80181020128b52ffd60010055030004041c3e0002010202040000010e05040004041001070500a5010300784161622e63536f6d6562' +
    '6f647920456c7365656c7365622e6341203c6140622e633e203c780e00126cc01d5a9825322cd8724b4b47d004525808c509183b4e6a0d50' +
    '5272706104ca4ea6270075',
};
/** Of version 2, of the same message. */
const newer =
  '0202a80182020128b52ffd6002005d030014041d3e0002010202040000010e05040004041001070500a501030001784161622e63536f6d6562' +
  '6f647920456c7365656c7365622e6341203c6140622e633e203c780e00166cc01d5aa0253234d8724c4b47d004525808c509193b6e6a0d6052' +
  '72806104dc4ea6270075';
const olderMessage =
  'From: A <a@b.c>\r\nTo: Somebody Else <else@b.c>\r\nSubject: x\r\nMIME-Version: 1.0\r\n' +
  'Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>';
for (const [how, hex] of Object.entries(older))
  test(`a record that was compressed ${how} long ago reads the same`, () => {
    assert.deepEqual(read(Buffer.from(hex, 'hex'), ['size', 'header', 'envelope', 'root', 'preview']), {
      ...plain(parseMessage(Buffer.from(olderMessage))),
      preview: undefined,
    });
  });

test('a record of version 2 that was compressed with dictionary 1 long ago reads the same', () => {
  const found = read(Buffer.from(newer, 'hex'), ['size', 'header', 'envelope', 'root', 'preview']);
  assert.deepEqual(found, plain(parseMessage(Buffer.from(olderMessage))));
});

test('the dictionary never changes, and one of the future is named as such', () => {
  assert.equal(
    hash('sha256', recordDictionary),
    '342e661de5a5c002c93049a82ef9e8da566f2bdc2d0366e87afad63fcad209b3',
  );
  const stored = Buffer.from(older['with dictionary 1'], 'hex');
  assert.equal(stored[6], 1);
  stored[6] = 2;
  assert.throws(() => decodeRecord(stored), UnknownFormat);
  assert.throws(() => decodeRecord(stored.subarray(0, 6)), CorruptRecord);
});

test('an ordinary record takes a fifth less than without the dictionary', () => {
  const record = parseMessage(
    Buffer.from(
      'Return-Path: <someone@sender.example>\r\nReceived: from mail.sender.example (mail.sender.example [192.0.2.7])\r\n' +
        '\tby mx.example.org (Postfix) with ESMTPS id 7D3C01B2A9\r\n\tfor <me@example.org>; Sat, 4 Apr 2026 10:11:12 +0000 (UTC)\r\n' +
        'Date: Sat, 4 Apr 2026 12:11:10 +0200\r\nFrom: Someone <someone@sender.example>\r\nTo: me@example.org\r\n' +
        'Subject: About yesterday\r\nMessage-ID: <7f3a9c52@sender.example>\r\nMIME-Version: 1.0\r\n' +
        'Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n',
    ),
  );
  const without = zstdCompressSync(decodeRecord(encodeRecord(record, 'raw')).payload());
  assert.ok(encodeRecord(record).length < without.length * 0.8);
});
