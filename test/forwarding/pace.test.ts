import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Envelope } from '../../services/forwarding/envelope.ts';
import { hourlyLimit, hourlyReports, Pace } from '../../services/forwarding/pace.ts';
import type { AccountId } from '../../shared/ids.ts';
import { day, hour } from '../support/test-clock.ts';

const start = Date.UTC(2026, 10, 28);
const envelope = (account: string | undefined): Envelope => ({
  account: account as AccountId | undefined,
  via: 'anna@example.org',
  sender: 'ann@elsewhere.test',
  recipient: 'anna@other.test',
  reportable: true,
  kept: false,
});
const waiting = { number: 1, envelope: envelope('a'), since: start };

test('pauses grow to four hours, and after five days there is no more of them', () => {
  const pace = new Pace();
  const pauses: number[] = [];
  let now = start;
  while (pace.deferred(waiting, now, 0)) {
    pauses.push((pace.dueAt(waiting, now) - now) / 60_000);
    now = pace.dueAt(waiting, now);
  }
  assert.deepEqual(pauses.slice(0, 8), [1, 5, 15, 30, 60, 120, 240, 240]);
  assert.ok(now - start >= 5 * day && now - start < 5 * day + 4 * hour);
});

test('what has waited long enough, and could not be ended, is not tried again at once', () => {
  const pace = new Pace();
  const late = start + 6 * day;
  assert.equal(pace.deferred(waiting, late, 0), false);
  assert.equal(pace.dueAt(waiting, late) - late, 60_000);
});

test('chance makes a pause longer by a quarter at the most', () => {
  const pace = new Pace();
  assert.ok(pace.deferred(waiting, start, 1));
  assert.equal(pace.dueAt(waiting, start) - start, 75_000);
});

test('an account that sends too much waits for the next hour; others and reports do not', () => {
  const pace = new Pace();
  const now = start + 10 * 60_000;
  for (let i = 0; i < hourlyLimit; i++) pace.started(waiting.envelope, now);
  assert.equal(pace.dueAt(waiting, now), start + hour);
  assert.equal(pace.dueAt({ ...waiting, envelope: envelope('b') }, now), 0);
  assert.equal(pace.dueAt({ ...waiting, envelope: envelope(undefined) }, now), 0);
  assert.equal(pace.dueAt(waiting, start + hour), 0);
});

test('reports to one address wait for the next hour where they are many; those to others do not', () => {
  const pace = new Pace();
  const now = start + 10 * 60_000;
  const report = { ...waiting, envelope: envelope(undefined) };
  const other = { ...report, envelope: { ...report.envelope, recipient: 'bea@other.test' } };
  for (let i = 0; i < hourlyReports; i++) pace.started(report.envelope, now);
  assert.equal(pace.dueAt(report, now), start + hour);
  assert.equal(pace.dueAt(other, now), 0);
  assert.equal(pace.dueAt(waiting, now), 0);
});
