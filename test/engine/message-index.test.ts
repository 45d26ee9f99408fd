import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { packIds } from '../../shared/engine/email-id-codec.ts';
import { MessageIndex } from '../../shared/engine/message-index.ts';
import type { Effect, Operation } from '../../shared/engine/operation.ts';
import { SegmentBuilder } from '../../shared/engine/segment-builder.ts';
import { type AccountId, type BlobKey, newAccountId, newEmailId, systemEntropy } from '../../shared/ids.ts';
import { MessageParser } from '../../shared/message/parser.ts';
import { encodeRecord } from '../../shared/message/record-codec.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';

const account: AccountId = newAccountId(systemEntropy);

function record(subject: string): Uint8Array {
  const parser = new MessageParser();
  parser.push(Buffer.from(`Subject: ${subject}\r\n\r\n`));
  return encodeRecord(parser.end());
}

test('a compaction that ends while header records and email ids are read takes none of them away', async () => {
  const builder = new SegmentBuilder(1, 'recordsOnly');
  await builder.addMessage(record('settled'));
  const ids = [newEmailId(systemEntropy), newEmailId(systemEntropy)];
  builder.addIds(packIds([ids[0]]), 1);
  const { ref, bytes } = await builder.finish('h1' as BlobKey);
  const reading = Promise.withResolvers<void>();
  const blobs = {
    get: async (_: BlobKey, range: { start: number; end: number }) => {
      await reading.promise;
      return { size: bytes.length, body: bytes.subarray(range.start, range.end) };
    },
  } as unknown as BlobStore;
  const index = new MessageIndex(account, {
    blobs,
    frames: new ByteCache(1024 * 1024),
    scatteredBytes: 2 ** 20,
  });
  index.settle({ count: 1, segments: [ref], texts: [], clusters: [] });
  const message = { emailId: ids[1], size: 1, internalDate: 0, flags: [], record: record('young') };
  const append = { kind: 'append', mailbox: 1, message } as unknown as Operation;
  index.note(2 as never, [append], [{ kind: 'appended' } as Effect]);
  const records = index.records([1, 2]);
  const emailIds = index.emailIds([1, 2]);
  index.settle({ count: 2, segments: [ref], texts: [], clusters: [] });
  reading.resolve();
  assert.deepEqual(
    (await records).map((r) => r.envelope.subject),
    ['settled', 'young'],
  );
  assert.deepEqual(await emailIds, ids);
});
