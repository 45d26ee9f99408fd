import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';
import zlib from 'node:zlib';
import type { Account } from '../../shared/engine/account.ts';
import { type AppendRequest, appendMessages } from '../../shared/engine/actions.ts';
import { BinaryReader, BinaryWriter } from '../../shared/engine/binary.ts';
import { DeliveryIds } from '../../shared/engine/delivery-ids.ts';
import { atOnce } from '../../shared/engine/pace.ts';
import type { SegmentRef, SettledMessages } from '../../shared/engine/segment.ts';
import { encodeManifest } from '../../shared/engine/snapshot.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { SignatureBuilder } from '../../shared/engine/text-signature.ts';
import { objectKey } from '../../shared/ids.ts';
import { answersVersion } from '../../shared/imap/stored-answers.ts';
import { type MemoryStore, memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { generateMessages } from '../support/messages.ts';
import { type TestClock, testClock } from '../support/test-clock.ts';
import { type Counts, countCalls, watchTurns } from './turn-watch.ts';

const counts: Counts = {};
for (const method of ['varint', 'word']) {
  countCalls(counts, 'numbers written', BinaryWriter.prototype, method);
  countCalls(counts, 'numbers read', BinaryReader.prototype, method);
}
countCalls(counts, 'letters', SignatureBuilder.prototype, 'push', (text) => (text as string).length);
for (const method of ['zstdCompressSync', 'zstdDecompressSync'])
  countCalls(counts, 'octets packed or unpacked', zlib, method, (octets) => (octets as Uint8Array).length);
syncBuiltinESMExports();

const days = 30;
const idsADay = 1000;
const gone = 1_000_000;
const perSegment = 10_000;

/** Ids of deliveries of the last thirty days. */
function manyIds(now: number): DeliveryIds {
  let ids = DeliveryIds.empty;
  for (let i = 0; i < days * idsADay; i++)
    ids = ids.add(`earlier ${i}`, now - Math.floor((days * 86_400 - 3600) * (1 - i / (days * idsADay))));
  return ids;
}

/** Where the records of a million messages are that came before; nobody refers to them any more. */
function manySegments(key: (kind: string) => SegmentRef['key']): SettledMessages {
  const column = (first: number, offset: number, messages: number, octets: number) => ({
    frames: Array.from({ length: perSegment / messages }, (_, i) => ({
      first: first + i * messages,
      offset: offset + i * octets,
    })),
    end: offset + (perSegment / messages) * octets,
  });
  const segments = Array.from({ length: gone / perSegment }, (_, s): SegmentRef => {
    const first = 1 + s * perSegment;
    const records = column(first, 0, 40, 20_000);
    const fields = column(first, records.end, 100, 20_000);
    const structures = column(first, fields.end, 100, 10_000);
    const answers = { version: answersVersion, fields, structures };
    const [ids, bytes] = [structures.end, structures.end + 16 * perSegment];
    return { key: key('h'), first, count: perSegment, live: 0, ids, bytes, records, answers };
  });
  const texts = [{ key: key('t'), first: 1, count: gone, bytes: 9 << 20 }];
  return { count: gone, segments, texts, clusters: [] };
}

/** A store with an account that has had all that. */
async function longLived(clock: TestClock): Promise<{ store: MemoryStore; account: Account }> {
  const store = memoryStore(() => clock.now());
  const engine = () => memoryEngine(store, { entropy: clock });
  const young = await openIn(engine());
  await young.compact();
  const { state, ...rest } = young.snapshot!;
  const bytes = await encodeManifest({
    ...rest,
    state: {
      ...state,
      nextMessage: (gone + 1) as typeof state.nextMessage,
      deliveries: manyIds(Math.floor(clock.now() / 1000)),
    },
    messages: manySegments((kind) => objectKey(young.id, kind, clock)),
  });
  await store.blobs.delete([rest.manifest]);
  await store.blobs.put(rest.manifest, bytes);
  return { store, account: await openIn(engine(), young.id) };
}

test('compaction never delays a session: headers, texts, and all that a manifest lists are handled in small steps', async () => {
  const clock = testClock();
  const { store, account } = await longLived(clock);
  const long = `Subject: long\r\n\r\n${'Words that are in a text. '.repeat(40_000)}\r\n`;
  const requests: AppendRequest[] = [];
  for (const bytes of [Buffer.from(long), ...generateMessages(150, 11)]) {
    const staged = await account.stage(bytes);
    assert.ok(staged.ok);
    const deliveryId = `new ${requests.length}`;
    requests.push({ message: staged.value, flags: [], internalDate: undefined, deliveryId });
  }
  assert.ok((await account.commit(appendMessages('INBOX', requests))).ok);
  const { most } = await watchTurns(counts, async () => {
    await account.settle();
    await account.compact();
  });
  for (const name of Object.keys(counts)) assert.ok(counts[name]! > 0, `${name} are not counted`);
  const limits: Counts = {
    'numbers written': 2 * atOnce,
    'numbers read': 2 * atOnce,
    letters: 8 * atOnce,
    // A frame of records, packed or not.
    'octets packed or unpacked': 160 * 1024,
  };
  for (const [name, limit] of Object.entries(limits))
    assert.ok(most[name]! <= limit, `${most[name]} ${name} in one turn`);

  const reader = await openIn(memoryEngine(store, { entropy: clock }), account.id);
  assert.equal(reader.state.position, reader.snapshot!.state.position);
  assert.equal(reader.state.mailboxes.get(inboxId)!.exists, 151);
  const now = Math.floor(clock.now() / 1000);
  for (const id of ['earlier 0', `earlier ${days * idsADay - 1}`, 'new 0', 'new 150'])
    assert.ok(reader.state.deliveries.has(id, now), id);
});
