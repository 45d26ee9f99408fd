import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applied, type Change, Lane, type LaneState } from './model.ts';

const append = (...tokens: string[]): Change => ({ kind: 'append', mailbox: 'A', tokens, flags: [] });

/** A lane in which two messages were acknowledged and two changes are under way. */
function halfDone(): { lane: Lane; before: LaneState } {
  const lane = new Lane(['A', 'B']);
  lane.begin(append('one', 'two'));
  lane.acknowledge();
  const before = lane.state;
  lane.begin({ kind: 'move', mailbox: 'A', uids: [1], to: 'B' });
  lane.begin(append('three', 'four'));
  return { lane, before };
}

test('what was under way is there from the first on, each change wholly', () => {
  const { before, lane } = halfDone();
  const [move, second] = lane.underWay as [Change, Change];
  assert.equal(halfDone().lane.settle(before), 0);
  assert.equal(halfDone().lane.settle(applied(before, move)), 1);
  assert.equal(halfDone().lane.settle(applied(applied(before, move), second)), 2);
  assert.throws(
    () => halfDone().lane.settle(applied(before, second)),
    /UID 3 \(three\) ought not to be there/,
  );
  const half = applied(applied(before, move), append('three'));
  assert.throws(() => halfDone().lane.settle(half), /UID 4 \(four\) is lost/);
});

test('what was acknowledged is there once, with its UID and flags', () => {
  const { before } = halfDone();
  const settle = (change: Change) => halfDone().lane.settle(applied(before, change));
  assert.throws(() => settle({ kind: 'expunge', mailbox: 'A', uids: [2] }), /UID 2 \(two\) is lost/);
  assert.throws(() => settle({ kind: 'copy', mailbox: 'A', uids: [1], to: 'B' }), /ought not to be there/);
  assert.throws(() => settle(append('one')), /UID 3 \(one\) ought not to be there/);
  const seen: Change = { kind: 'addFlags', mailbox: 'A', uids: [1], flags: ['\\Seen'] };
  assert.throws(() => settle(seen), /has flags \[\\Seen\] instead of \[\]/);
  const other = applied(applied(new Map(), append('two', 'one')), { ...seen, uids: [] });
  assert.throws(() => halfDone().lane.settle(new Map([...before, ...other])), /UID 1 is two and was one/);
});

test('a UID that was given to a message that is gone again is not free', () => {
  const { before } = halfDone();
  const found = new Map(before).set('A', { ...before.get('A')!, uidNext: 2 });
  assert.throws(() => halfDone().lane.settle(found), /UIDNEXT is 2 instead of 3/);
});
