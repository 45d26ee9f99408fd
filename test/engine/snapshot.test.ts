import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { initialState } from '../../shared/engine/apply.ts';
import { settleState } from '../../shared/engine/settle-state.ts';
import { busyLogs, digest, replay } from './random-operations.ts';
import { StateStore } from './stored-state.ts';

test('snapshot plus tail equals full replay, wherever the cuts are and whatever is loaded when', () =>
  fc.assert(
    fc.asyncProperty(
      busyLogs,
      fc.array(fc.record({ at: fc.nat(40), forget: fc.boolean(), settle: fc.nat(4) }), {
        maxLength: 8,
        size: 'max',
      }),
      async (entries, cuts) => {
        const store = new StateStore();
        let state = initialState;
        let at = 0;
        for (const cut of cuts.sort((a, b) => a.at - b.at)) {
          const end = Math.min(entries.length, Math.max(at, cut.at));
          state = await store.replay(entries.slice(at, end), state);
          const stored = await store.store(state);
          // Entries that come while the snapshot is written.
          const later = Math.min(entries.length, end + cut.settle);
          state = cut.forget
            ? await store.replay(entries.slice(end, later), stored)
            : settleState(await store.replay(entries.slice(end, later), state), stored);
          at = later;
          assert.equal(digest(await store.whole(state)), digest(replay(entries.slice(0, at))));
        }
        const last = await store.replay(entries.slice(at), state);
        assert.equal(digest(await store.whole(last)), digest(replay(entries)));
      },
    ),
    { numRuns: 100 },
  ));
