import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyEntry, applyOperations, initialState, NewerRules } from '../../shared/engine/apply.ts';
import { referencedMessages } from '../../shared/engine/apply-messages.ts';
import { decodeEntry } from '../../shared/engine/entry.ts';
import { allUids, countRows, everyUid } from '../../shared/engine/mailbox.ts';
import { decodeOperations, encodeOperations } from '../../shared/engine/operation-codec.ts';
import type { LogPosition } from '../../shared/ids.ts';
import { digest, logs, operations, replay, storedEntry } from './random-operations.ts';

test('an entry is read back as it was written', () =>
  fc.assert(
    fc.property(logs, (entries) => {
      for (const entry of entries) {
        const { body, ...header } = decodeEntry(entry.position, storedEntry(entry));
        assert.ok(body.kind === 'inline');
        assert.deepEqual({ ...header, operations: decodeOperations(body.bytes) }, entry);
      }
    }),
  ));

test('an entry cut short or changed is refused, never misread as something endless', () =>
  fc.assert(
    fc.property(
      fc.array(operations, { minLength: 1, maxLength: 4 }),
      fc.nat(),
      fc.nat(255),
      (list, at, value) => {
        const bytes = encodeOperations(list);
        assert.throws(() => decodeOperations(bytes.subarray(0, at % bytes.length)));
        const changed = bytes.slice();
        changed[at % bytes.length] = value;
        try {
          decodeOperations(changed);
        } catch (error) {
          assert.ok(error instanceof Error);
        }
      },
    ),
  ));

test('replay of any log equals the state kept entry by entry', () =>
  fc.assert(
    fc.property(logs, (entries) => {
      let kept = initialState;
      for (const entry of entries) kept = applyEntry(kept, entry).state;
      assert.equal(digest(replay(entries)), digest(kept));
    }),
  ));

test('versions stay as they were, whatever is applied to later ones or to forks', () =>
  fc.assert(
    fc.property(logs, logs, (entries, others) => {
      const versions = [initialState];
      for (const entry of entries) versions.push(applyEntry(versions.at(-1)!, entry).state);
      const before = versions.map(digest);
      const fork = versions[Math.floor(versions.length / 2)]!;
      others.reduce(
        (state, entry) =>
          applyOperations(
            state,
            { ...entry, position: (state.position + 1) as LogPosition },
            entry.operations,
          ).state,
        fork,
      );
      assert.deepEqual(versions.map(digest), before);
    }),
    { numRuns: 40 },
  ));

test('counters, usage, UIDs and mod-sequences hold after every entry', () =>
  fc.assert(
    fc.property(logs, (entries) => {
      let state = initialState;
      const uidNexts = new Map<number, number>();
      const validities = new Set<number>();
      for (const entry of entries) {
        state = applyEntry(state, entry).state;
        let bytes = 0;
        let messages = 0;
        for (const mailbox of state.mailboxes) {
          const counted = countRows(mailbox.chunks, everyUid, state.flags);
          assert.deepEqual(counted, {
            exists: mailbox.exists,
            unseen: mailbox.unseen,
            deleted: mailbox.deleted,
            bytes: mailbox.bytes,
          });
          assert.equal(
            mailbox.chunks.reduce((sum, chunk) => sum + chunk.unseen, 0),
            mailbox.unseen,
          );
          assert.ok((allUids(mailbox).last ?? 0) < mailbox.uidNext);
          assert.ok(mailbox.uidNext >= (uidNexts.get(mailbox.id) ?? 1), 'UIDNEXT went back');
          assert.ok(mailbox.highestModSeq <= state.position);
          uidNexts.set(mailbox.id, mailbox.uidNext);
          validities.add(mailbox.uidValidity);
          bytes += mailbox.bytes;
          messages += mailbox.exists;
        }
        assert.deepEqual(state.usage, { bytes, messages });
        for (const no of referencedMessages(state)) assert.ok(no < state.nextMessage);
      }
      assert.ok(validities.size >= [...state.mailboxes].length, 'two mailboxes share a UIDVALIDITY');
    }),
  ));

test('operations decided in a group mean the same as one entry that holds them all', () =>
  fc.assert(
    fc.property(
      logs,
      fc.array(operations, { maxLength: 4 }),
      fc.array(operations, { maxLength: 4 }),
      (entries, a, b) => {
        const base = replay(entries);
        const at = { position: (base.position + 1) as LogPosition, time: base.time + 7, rules: 1 };
        const inTurn = applyOperations(applyOperations(base, at, a).state, at, b).state;
        assert.equal(digest(inTurn), digest(applyOperations(base, at, [...a, ...b]).state));
      },
    ),
  ));

test('an entry of newer rules is refused, not guessed', () => {
  const entry = {
    ...replay([]),
    position: 1 as LogPosition,
    rules: 99,
    writer: '',
    limit: undefined,
    operations: [],
  };
  assert.throws(() => applyEntry(initialState, entry), NewerRules);
});

test('a delivery id is known for thirty days, also after the message is expunged', () => {
  const append = (deliveryId: string) => ({
    kind: 'append' as const,
    mailbox: 1 as never,
    deliveryId,
    message: {
      emailId: 'x'.repeat(26) as never,
      size: 1,
      internalDate: 0,
      flags: [],
      record: new Uint8Array(),
    },
  });
  const day = 24 * 3600_000;
  const at = (position: number, time: number) => ({ position: position as LogPosition, time, rules: 1 });
  let state = applyOperations(initialState, at(1, day), [
    { kind: 'create', name: 'INBOX' },
    append('e1'),
  ]).state;
  state = applyOperations(state, at(2, 2 * day), [
    { kind: 'expunge', mailbox: 1 as never, uids: everyUid },
  ]).state;
  const soon = applyOperations(state, at(3, 30 * day), [append('e1')]);
  assert.deepEqual(soon.effects, [{ kind: 'duplicate' }]);
  const late = applyOperations(state, at(3, 32 * day), [append('e1')]);
  assert.equal(late.effects[0]!.kind, 'appended');
});

test('an append to a mailbox that is gone goes to INBOX', () => {
  const append = {
    kind: 'append' as const,
    mailbox: 9 as never,
    message: {
      emailId: 'x'.repeat(26) as never,
      size: 5,
      internalDate: 0,
      flags: [],
      record: new Uint8Array(),
    },
  };
  const at = { position: 1 as LogPosition, time: 0, rules: 1 };
  const { effects } = applyOperations(initialState, at, [{ kind: 'create', name: 'INBOX' }, append]);
  assert.equal(effects[1]?.kind === 'appended' && effects[1].mailbox, 1);
});
