import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { deliver } from '../imap/message-session.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { MemoryLeases } from '../support/memory-store.ts';
import { digestsOf, formsOf, readRecording, storeOf } from './recording.ts';

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.jsonl'));

const read = (file: string) => readRecording(readFileSync(new URL(file, import.meta.url), 'utf8'));

test('there is a recording of this release, and of what it writes now', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.ok(files.includes(`${version}.jsonl`), 'npm run record-logs');
  const recorded = new Set<string>();
  for (const recording of files.map(read)) {
    const store = await storeOf(recording, 'the beginning');
    const account = await openIn(memoryEngine({ ...store, leases: new MemoryLeases() }), recording.account);
    const manifest = Buffer.from(recording.objects[recording.head!.manifest]!, 'base64');
    for (const form of formsOf(account, manifest)) recorded.add(form);
  }
  const store = memoryStore();
  const account = await openIn(memoryEngine(store));
  await deliver(account, 'INBOX', [
    { text: 'Subject: a\nFrom: b@example.org\nMessage-ID: <c@example.org>\n\nText.\n' },
  ]);
  const entries = await openIn(memoryEngine(store), account.id);
  await account.compact();
  for (const form of formsOf(entries, store.blobs.objects.get(account.snapshot!.manifest)!))
    assert.ok(recorded.has(form), `${form}: npm run record-logs -- ${version}-N`);
});

for (const file of files)
  for (const from of ['the beginning', 'the snapshot'] as const)
    test(`what ${file.replace('.jsonl', '')} wrote means today what it meant then, read from ${from}`, async () => {
      const recording = read(file);
      const store = await storeOf(recording, from);
      const engine = memoryEngine({ ...store, leases: new MemoryLeases() });
      const account = await openIn(engine, recording.account);
      const { state, messages } = recording;
      assert.equal(account.state.position, recording.entries.length);
      assert.deepEqual(await digestsOf(account), { state, messages });
      // And what this release makes of it is read back as the same.
      await account.compact();
      const again = await openIn(memoryEngine({ ...store, leases: new MemoryLeases() }), recording.account);
      assert.deepEqual(await digestsOf(again), { state, messages });
    });
