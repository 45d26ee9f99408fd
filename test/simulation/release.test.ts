import './builtins.ts';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialState } from '../../shared/engine/apply.ts';
import { decodeEntry, encodeEntry } from '../../shared/engine/entry.ts';
import { collect } from '../../shared/engine/message-index.ts';
import { decodeOperations, encodeOperations } from '../../shared/engine/operation-codec.ts';
import { decodeManifest, encodeManifest } from '../../shared/engine/snapshot.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { BlobKey, LogPosition } from '../../shared/ids.ts';
import { MemoryBlobs } from '../support/memory-store.ts';
import { blobsOfRelease, guessedEntry, guessedObject, newerEntry, understoodEntry } from './release.ts';

const position = 7 as LogPosition;
const flagged = encodeOperations(
  (['add', 'remove', 'replace'] as const).map((mode) => ({
    kind: 'flags',
    mailbox: inboxId,
    uids: UidSet.of([3]),
    mode,
    flags: ['\\Seen'],
  })),
);
const usage = { bytes: 70_000, messages: 3 };

test("a newer release's entry is ours to who understands it, and another to who guesses", () => {
  const body = { kind: 'inline', bytes: flagged } as const;
  const header = { position, rules: 1, writer: '00'.repeat(8), time: 1, usage, limit: undefined };
  const ours = encodeEntry({ ...header, body });
  const newer = newerEntry(ours);
  assert.throws(() => decodeEntry(position, newer), /newer release/);
  assert.deepEqual(understoodEntry(newer), ours);
  const guess = decodeEntry(position, guessedEntry(newer)).body;
  assert.ok(guess.kind === 'inline');
  assert.deepEqual(
    decodeOperations(guess.bytes).map((operation) => operation.kind === 'flags' && operation.mode),
    ['remove', 'add', 'replace'],
  );
});

test("a newer release's manifest is ours to who understands it, and another to who guesses", async () => {
  const blobs = new MemoryBlobs();
  const key = 'hash/account/x/0' as BlobKey;
  const none = { count: 0, segments: [], texts: [], clusters: [] };
  const state = { ...initialState, position, usage, lastUidValidity: 1_767_603_600 };
  const ours = { state, objects: [], messages: none, pastHeads: [], replaced: [] };
  await blobsOfRelease(blobs, 'later').put(key, await encodeManifest(ours));
  const stored = await collect((await blobs.get(key))!.body);
  assert.throws(() => decodeManifest(stored), /newer release/);
  const read = await collect((await blobsOfRelease(blobs, 'next').get(key))!.body);
  assert.deepEqual(decodeManifest(read).state.usage, usage);
  const guess = decodeManifest(guessedObject(key, stored)).state;
  assert.deepEqual(guess.usage, { bytes: usage.messages, messages: usage.bytes });
  assert.equal(guess.lastUidValidity, state.lastUidValidity);
});
