import assert from 'node:assert/strict';
import { test } from 'node:test';
import { list } from '../../infra/list-prices.ts';
import { countMonth, model } from './month.ts';
import { chargesOf, fleetDollars, metered } from './price.ts';

const watch = { everySeconds: 15, tasks: 1 };

test('what is charged is what was counted, times its price; SES stands aside', () => {
  const counted = { messages: 10, readUnits: 1000, writeUnits: 2000, puts: 30, gets: 40 };
  const mx = chargesOf(counted, 'server', watch);
  const looks = (730 * 240 * list.dynamoReadUnit) / 2;
  const expected =
    2000 * list.dynamoWriteUnit +
    1000 * list.dynamoReadUnit +
    looks +
    30 * list.s3Put +
    40 * list.s3Get +
    list.keyRequest;
  assert.ok(Math.abs(metered(mx) - expected) < 1e-12);
  // Twice the counts, twice the price of what was counted.
  const twice = chargesOf({ ...counted, puts: 60 }, 'server', watch);
  assert.ok(Math.abs(metered(twice) - metered(mx) - 30 * list.s3Put) < 1e-12);
  const ses = chargesOf(counted, 'function', watch);
  const received = ses.filter(({ aside }) => aside).reduce((sum, { dollars }) => sum + dollars, 0);
  assert.equal(received, 10 * list.sesReceived);
  assert.ok(metered(ses) > metered(mx) + 10 * list.s3Put);
});

test('more accounts never cost less in all, and less each', () => {
  const of = (accounts: number) => fleetDollars({ accounts, connections: 2 }, 1e8);
  assert.ok(of(10_000) > of(100) && of(1_000_000) > of(10_000));
  assert.ok(of(1_000_000) / 1_000_000 < of(10_000) / 10_000);
});

test('a few days of the model account cost what they must at the least, and no more than a few times that', async () => {
  const days = 2;
  const messages = days * model.messagesADay;
  const counted = await countMonth('server', days);
  assert.equal(counted.messages, messages);
  assert.ok(counted.puts >= messages && counted.puts < 1.5 * messages, `${counted.puts} PUTs`);
  // Each device reads each body, and the index of texts once more.
  assert.ok(counted.gets >= model.devices * messages && counted.gets < 6 * messages, `${counted.gets} GETs`);
  assert.ok(
    counted.writeUnits >= 1.7 * messages && counted.writeUnits < 8 * messages,
    `${counted.writeUnits}`,
  );
});
