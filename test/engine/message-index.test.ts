import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { MessageIndex } from '../../shared/engine/message-index.ts';
import type { Effect, Operation } from '../../shared/engine/operation.ts';
import { encodeSegment } from '../../shared/engine/segment.ts';
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

test('a compaction that ends while header records are read takes none of them away', async () => {
  const { ref, bytes } = await encodeSegment('h1' as BlobKey, 1, [record('settled')]);
  const reading = Promise.withResolvers<void>();
  const blobs = {
    get: async () => {
      await reading.promise;
      return { size: bytes.length, body: bytes };
    },
  } as unknown as BlobStore;
  const index = new MessageIndex(account, blobs, new ByteCache(1024 * 1024));
  index.settle({ count: 1, ids: undefined, segments: [ref] });
  const message = { emailId: 'a' as EmailId, size: 1, internalDate: 0, flags: [], record: record('young') };
  const append = { kind: 'append', mailbox: 1, message } as unknown as Operation;
  index.note(2 as never, [append], [{ kind: 'appended' } as Effect]);
  const records = index.records([1, 2]);
  index.settle({ count: 2, ids: undefined, segments: [ref] });
  reading.resolve();
  assert.deepEqual(
    (await records).map((r) => r.envelope.subject),
    ['settled', 'young'],
  );
});
