import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KeptKeys } from '../../services/imap/search/kept-keys.ts';
import { inOrder } from '../../services/imap/search/number-order.ts';
import { localEngine } from '../support/local-engine.ts';
import { deliver, MessageSession } from './message-session.ts';

const local = await localEngine();

const columns = fc.nat(40).chain((count) =>
  fc
    .array(
      fc.record({
        direction: fc.constantFrom('ascending' as const, 'descending' as const),
        numbers: fc
          .array(
            fc.oneof(
              fc.nat(3),
              fc.integer({ min: -(2 ** 40), max: 2 ** 40 }).map((n) => n * 1000),
              fc.maxSafeInteger(),
            ),
            { minLength: count, maxLength: count },
          )
          .map((numbers) => Float64Array.from(numbers)),
      }),
      { minLength: 1, maxLength: 3 },
    )
    .map((list) => ({ count, list })),
);

test('places are in the order that comparing number by number gives, equal ones as they come', () =>
  fc.assert(
    fc.property(columns, ({ count, list }) => {
      const compared = Array.from({ length: count }, (_, i) => i).sort((a, b) => {
        for (const { numbers, direction } of list) {
          const difference = numbers[a]! - numbers[b]!;
          if (difference !== 0) return direction === 'ascending' ? difference : -difference;
        }
        return a - b;
      });
      assert.deepEqual([...inOrder(count, list)], compared);
    }),
  ));

test('texts rank as they compare, however many come at a time', () =>
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.string({ maxLength: 3 }), { maxLength: 8 }), { maxLength: 6 }),
      (groups) => {
        const keys = new KeptKeys();
        const texts: string[] = [];
        for (const group of groups) {
          for (const text of group) keys.put(texts.push(text) - 1, text);
          keys.rank();
          for (const [a, x] of texts.entries())
            for (const [b, y] of texts.entries())
              assert.equal(Math.sign(keys.number(a) - keys.number(b)), x < y ? -1 : Number(x > y));
        }
      },
    ),
  ));

test('SORT by keys that are kept takes in mail that came since, and what only another mailbox had', async () => {
  const account = await local.account();
  const message = (subject: string, date?: string) => ({
    text: `Subject: ${subject}\n${date === undefined ? '' : `Date: ${date}\n`}\nx\n`,
    internalDate: 1_700_000_000,
  });
  await deliver(account, 'Archive', [message('Re: beta'), message('zeta')]);
  await deliver(account, 'INBOX', [message('gamma'), message('alpha', 'Mon, 1 Jan 2024 00:00:00 +0000')]);
  const session = new MessageSession(account);
  const archive = new MessageSession(account, 'Archive');
  Object.defineProperty(archive, 'memos', { value: session.memos });
  const sorted = async (by: string, of = session) => (await of.lines(`SORT ${by} UTF-8 ALL`))[0];
  assert.equal(await sorted('(SUBJECT)'), '* SORT 2 1');
  assert.equal(await sorted('(SUBJECT)', archive), '* SORT 1 2');
  await deliver(account, 'INBOX', [message('BETA'), message('fwd: zeta')]);
  await session.run('NOOP');
  assert.equal(await sorted('(SUBJECT)'), '* SORT 2 3 1 4');
  assert.equal(await sorted('(REVERSE SUBJECT)'), '* SORT 4 1 3 2');
  // Without a date of its own a message has that of its arrival, which is in 2023.
  assert.equal(await sorted('(DATE SUBJECT)'), '* SORT 3 1 4 2');
  assert.equal(await sorted('(SUBJECT)', archive), '* SORT 1 2');
});
