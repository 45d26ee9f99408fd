import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration, parseMoment } from '../../services/local/duration.ts';
import { day, hour } from '../support/test-clock.ts';

for (const [text, ms] of [
  ['14d', 14 * day],
  ['36h', 36 * hour],
  ['2 weeks', 14 * day],
  ['1.5 Days', 1.5 * day],
  ['90m', 1.5 * hour],
  ['0', 0],
  ['0d', 0],
] as const)
  test(`${text} is ${ms} ms`, () => assert.deepEqual(parseDuration(text), { ok: true, value: ms }));

for (const text of ['', 'd', '14', '-1d', '5y', '1e3d', '999999999w', '2026-03-01'])
  test(`"${text}" is no period`, () => assert.equal(parseDuration(text).ok, false));

const now = Date.parse('2026-03-02T12:00:00Z');

for (const [text, moment] of [
  ['2d', '2026-02-28T12:00:00Z'],
  ['2026-03-01T09:30Z', '2026-03-01T09:30:00Z'],
  ['2026-03-01T09:30:15+02:00', '2026-03-01T07:30:15Z'],
  ['2026-03-01 09:30', new Date(2026, 2, 1, 9, 30).toISOString()],
  ['2026-03-01', new Date(2026, 2, 1).toISOString()],
] as const)
  test(`${text} is a moment`, () =>
    assert.deepEqual(parseMoment(text, now), { ok: true, value: Date.parse(moment) }));

for (const text of ['', 'yesterday', '2026-02-30', '2026-13-01', '03/01/2026', '2026-03-05'])
  test(`"${text}" is no moment in the past`, () => assert.equal(parseMoment(text, now).ok, false));
