import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { operationKinds } from '../../shared/engine/operation-codec.ts';
import { answersVersion } from '../../shared/imap/stored-answers.ts';
import { memoryEngine, openIn } from '../support/memory-engine.ts';
import { MemoryLeases } from '../support/memory-store.ts';
import { digestsOf, keptOf, scatteredBytes } from './digests.ts';
import { Forms } from './forms.ts';
import { record } from './record.ts';
import { type Recording, type Start, storeOf } from './recording.ts';
import { newest, recordings } from './recordings.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const howToRecord = `npm run record-logs -- ${version}-N`;

/** What there is of formats, whatever their versions. One that is added is written in life.ts and stands here. */
const formats = [
  'UID set, form 0',
  'UID set, form 1',
  'answers in a segment',
  'answers in copies',
  'entry',
  'history',
  'history of a removed mailbox',
  "manifest 'r'",
  "manifest 'x'",
  'operations, inline',
  'operations, spill',
  'record in a segment, codec 0',
  'record in an entry, codec 0',
  'record in an entry, codec 2',
  'record in copies, codec 0',
  'rows',
  'rows of a removed mailbox',
  'rows that change older ones',
  'rules of a manifest',
  'rules of an entry',
  'signatures of texts',
];

test('there is a recording of this release, and of each form that it writes now', async () => {
  assert.ok(
    recordings.some(({ release }) => release === version),
    'npm run record-logs',
  );
  const recorded = new Set(recordings.flatMap((recording) => new Forms(recording).all));
  const now = new Forms(await record('now'));
  assert.deepEqual([...now.versions.keys()].sort(), formats, 'life.ts');
  for (const form of now.all) assert.ok(recorded.has(form), `${form}: ${howToRecord}`);
});

test('the newest recording has every format and every kind of operation', () => {
  const { versions, operations } = new Forms(newest);
  assert.deepEqual([...versions.keys()].sort(), formats, howToRecord);
  assert.deepEqual([...operations].sort(), [...operationKinds].sort(), `life.ts, then ${howToRecord}`);
});

const starts = ({ rebuilt }: Recording): readonly Start[] => [
  'the beginning',
  'the snapshot',
  ...(rebuilt === undefined ? [] : (['the rebuild'] as const)),
];

for (const recording of recordings)
  for (const from of starts(recording))
    test(`what ${recording.release} wrote means today what it meant then, read from ${from}`, async () => {
      const store = { ...(await storeOf(recording, from)), leases: new MemoryLeases() };
      const open = () => openIn(memoryEngine(store, { scatteredBytes }), recording.account);
      const { entries, head, told, kept } = from === 'the rebuild' ? recording.rebuilt! : recording.first;
      const account = await open();
      const before = from === 'the rebuild' ? head!.position : 0;
      assert.equal(account.state.position, before + entries.length);
      assert.deepEqual(await digestsOf(account), told);
      const ofSnapshot = from === 'the beginning' ? undefined : kept;
      if (ofSnapshot !== undefined) {
        const { texts, answers } = await keptOf(account);
        assert.equal(texts, ofSnapshot.texts);
        // Answers of another version are as good as none.
        if (ofSnapshot.answers.version === answersVersion) assert.deepEqual(answers, ofSnapshot.answers);
        else assert.equal(answers.count, 0);
      }
      // And what this release makes of it is read back as the same.
      await account.compact();
      const again = await open();
      assert.deepEqual(await digestsOf(again), told);
      if (ofSnapshot !== undefined) assert.equal((await keptOf(again)).texts, ofSnapshot.texts);
    });
