import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { memoryEngine, openIn } from '../support/memory-engine.ts';
import { MemoryLeases } from '../support/memory-store.ts';
import { digestsOf, readRecording, storeOf } from './recording.ts';

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.jsonl'));

test('there is a recording of this release', () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.ok(files.includes(`${version}.jsonl`), 'npm run record-logs');
});

for (const file of files)
  for (const from of ['the beginning', 'the snapshot'] as const)
    test(`what ${file.replace('.jsonl', '')} wrote means today what it meant then, read from ${from}`, async () => {
      const recording = readRecording(readFileSync(new URL(file, import.meta.url), 'utf8'));
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
