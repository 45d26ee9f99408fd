import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { MessageIndex } from '../../shared/engine/message-index.ts';
import type { Effect, Operation } from '../../shared/engine/operation.ts';
import { encodeIds, encodeSegment } from '../../shared/engine/segment.ts';
import { type AccountId, type BlobKey, type EmailId, newAccountId, systemEntropy } from '../../shared/ids.ts';
import { MessageParser } from '../../shared/message/parser.ts';
import { encodeRecord } from '../../shared/message/record-codec.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';

const account: AccountId = newAccountId(systemEntropy);

function record(subject: string): Uint8Array {
  const parser = new MessageParser();
  parser.push(Buffer.from(`Subject: ${subject}\r\n\r\n`));
  return encodeRecord(parser.end());
}

const ids = (...names: string[]) => new Map(names.map((name, i) => [i + 1, name.padEnd(26, '0') as EmailId]));

test('a compaction that ends while header records and email ids are read takes none of them away', async () => {
  const { ref, bytes } = await encodeSegment('h1' as BlobKey, 1, [record('settled')]);
  const objects: Record<string, Uint8Array> = {
    h1: bytes,
    e1: encodeIds(ids('x')),
    e2: encodeIds(ids('x', 'y')),
  };
  const reading = Promise.withResolvers<void>();
  const blobs = {
    get: async (key: string) => {
      await reading.promise;
      const body = objects[key]!;
      return { size: body.length, body };
    },
  } as unknown as BlobStore;
  const index = new MessageIndex(account, blobs, new ByteCache(1024 * 1024));
  index.settle({ count: 1, ids: 'e1' as BlobKey, segments: [ref] });
  const message = {
    emailId: ids('', 'y').get(2),
    size: 1,
    internalDate: 0,
    flags: [],
    record: record('young'),
  };
  const append = { kind: 'append', mailbox: 1, message } as unknown as Operation;
  index.note(2 as never, [append], [{ kind: 'appended' } as Effect]);
  const records = index.records([1, 2]);
  const emailIds = index.emailIds([1, 2]);
  index.settle({ count: 2, ids: 'e2' as BlobKey, segments: [ref] });
  reading.resolve();
  assert.deepEqual(
    (await records).map((r) => r.envelope.subject),
    ['settled', 'young'],
  );
  assert.deepEqual(await emailIds, [...ids('x', 'y').values()]);
});
