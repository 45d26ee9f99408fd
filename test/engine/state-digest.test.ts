import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyOperations } from '../../shared/engine/apply.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import { stateDigest } from '../../shared/engine/state-digest.ts';
import type { LogPosition, MailboxId } from '../../shared/ids.ts';
import { digest, logs, operations, replay } from './random-operations.ts';
import { StateStore } from './stored-state.ts';

test('a state replayed and a state kept by snapshots have one digest', () =>
  fc.assert(
    fc.asyncProperty(logs, fc.nat(), async (entries, cut) => {
      const store = new StateStore();
      const half = await store.store(replay(entries.slice(0, cut % entries.length)));
      const whole = await store.replay(entries.slice(cut % entries.length), half);
      assert.equal(stateDigest(await store.whole(whole)), stateDigest(replay(entries)));
    }),
    { numRuns: 60 },
  ));

test('states that say different things have different digests', () => {
  fc.assert(
    fc.property(logs, operations, (entries, operation) => {
      const state = replay(entries);
      const at = { position: state.position, time: state.time, rules: 1 };
      const other = applyOperations(state, at, [operation]).state;
      // New sets of flags that no message has are a matter of storage.
      if (digest(other) !== digest(state) && other.flags === state.flags)
        assert.notEqual(stateDigest(other), stateDigest(state));
    }),
    { numRuns: 200 },
  );
});

test('what left a mailbox more than a year ago, and cannot come back, is no part of the digest', () => {
  const inbox = 1 as MailboxId;
  const message = { emailId: 'a'.repeat(26), size: 1, internalDate: 0, flags: [], record: new Uint8Array() };
  const at = (position: number, seconds: number) => ({
    position: position as LogPosition,
    time: seconds * 1000,
    rules: 1,
  });
  const make = { kind: 'create', name: 'INBOX' } as const;
  const append = { kind: 'append', mailbox: inbox, message: message as never } as const;
  let state = applyOperations(replay([]), at(1, 1), [make, append]).state;
  state = applyOperations(state, at(2, 2), [{ kind: 'expunge', mailbox: inbox, uids: everyUid }]).state;
  state = applyOperations(state, at(3, 3), [{ kind: 'purge', expungedBefore: 2 }]).state;
  const without = (s: AccountState): AccountState => {
    const fresh = replay([]).removedMailboxes as never;
    return { ...s, mailboxes: s.mailboxes.with(s.mailboxes.get(inbox)!.with({ departures: fresh })) };
  };
  assert.notEqual(stateDigest(state), stateDigest(without(state)));
  const later = applyOperations(state, at(4, 366 * 24 * 3600), []).state;
  assert.equal(stateDigest(later), stateDigest(without(later)));
});
