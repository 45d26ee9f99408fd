import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../infra/config.ts';
import { list } from '../../infra/list-prices.ts';
import { connectionsPerTask, largeFor, listLooksDollars, roomBytes, standingDollars } from './fleet.ts';
import { countMonth, model } from './month.ts';
import { chargesOf, messagesACall, metered, pop3Dollars } from './price.ts';

const service = { receiver: 'server', looksEvery: 15, tasks: 1, signIns: 0, messagesASecond: 0.1 } as const;
const counted = { messages: 10, entries: 0, readUnits: 1000, writeUnits: 2000, puts: 30, gets: 40 };

test('what is charged is what was counted, times its price; SES stands aside', () => {
  const mx = chargesOf(counted, service);
  const looks = (730 * 240 * list.dynamoReadUnit) / 2;
  const expected =
    2000 * list.dynamoWriteUnit +
    1010 * list.dynamoReadUnit +
    looks +
    30 * list.s3Put +
    40 * list.s3Get +
    list.keyRequest +
    (10 * 300 * list.logGiB) / 1024 ** 3;
  assert.ok(Math.abs(metered(mx) - expected) < 1e-12);
  // Twice the counts, twice the price of what was counted.
  const twice = chargesOf({ ...counted, puts: 60 }, service);
  assert.ok(Math.abs(metered(twice) - metered(mx) - 30 * list.s3Put) < 1e-12);
  const ses = chargesOf(counted, { ...service, receiver: 'function' });
  const received = ses.filter(({ aside }) => aside).reduce((sum, { dollars }) => sum + dollars, 0);
  assert.equal(received, 10 * list.sesReceived);
  assert.ok(metered(ses) > metered(mx) + 10 * list.s3Put);
});

test('the more mail comes, the more of it is in one call, up to what a call takes', () => {
  const perSecond = [0, 1, 10, 100, 1000];
  const each = perSecond.map(messagesACall);
  assert.deepEqual([each[0], each.at(-1)], [1, 10]);
  assert.deepEqual(
    each,
    [...each].sort((a, b) => a - b),
  );
  const dollars = perSecond.map((messagesASecond) =>
    metered(chargesOf(counted, { ...service, receiver: 'function', messagesASecond })),
  );
  assert.deepEqual(
    dollars,
    [...dollars].sort((a, b) => b - a),
  );
});

const large = readConfig('infra/examples/large.json');
const medium = readConfig('infra/examples/medium.json');
const served = (accounts: number) => ({ accounts, connections: 2, restingBytes: 100_000, readBytes: 1e8 });

test('each task looks twelve times a minute for sessions that are to end, however many accounts there are', () => {
  const { tasks } = medium.services.profile === 'small' ? medium.services.all : { tasks: { min: 0 } };
  const looks = tasks.min * 12 * 60 * 730;
  assert.ok(Math.abs(listLooksDollars(medium) - (looks * list.dynamoReadUnit) / 2) < 1e-9);
});

test('more accounts never cost less in all, and less each', () => {
  const of = (accounts: number) =>
    standingDollars(largeFor(large, served(accounts), false), served(accounts));
  assert.ok(of(100_000) > of(1000) && of(1_000_000) > of(100_000));
  assert.ok(of(1_000_000) / 1_000_000 < of(100_000) / 100_000);
});

test('the middle installation carries ten thousand accounts, and with one of its tasks missing still has the memory', () => {
  const { accounts, connections, restingBytes } = served(10_000);
  assert.ok(medium.services.profile === 'small');
  const { memory, tasks } = medium.services.all;
  assert.ok(tasks.min * connectionsPerTask(memory, restingBytes) >= accounts * connections);
  const left = (tasks.min - 1) * roomBytes(memory);
  assert.ok(accounts * (connections * 71 * 1024 + (tasks.min > 2 ? connections : 1) * restingBytes) < left);
});

test('a few days of the model account cost what they must at the least, and no more than a few times that', async () => {
  const days = 2;
  const messages = days * model.messagesADay;
  const { counted, settled } = await countMonth('server', days);
  assert.equal(counted.messages, messages);
  assert.ok(counted.puts >= messages && counted.puts < 1.3 * messages, `${counted.puts} PUTs`);
  // Each device reads each body, and the index of texts once more.
  assert.ok(counted.gets >= model.devices * messages && counted.gets < 6 * messages, `${counted.gets} GETs`);
  assert.ok(
    counted.writeUnits >= 2 * messages && counted.writeUnits < 5 * messages,
    `${counted.writeUnits} units written`,
  );
  assert.ok(counted.readUnits < 5 * messages, `${counted.readUnits} units read`);
  // A message is an entry, and what becomes of it less than another.
  assert.ok(counted.entries > messages && counted.entries < 2 * messages, `${counted.entries} entries`);
  assert.ok(settled.restingBytes > 10_000 && settled.restingBytes < 200_000, `${settled.restingBytes}`);
  assert.ok(settled.cold.gets > 0 && settled.cold.gets <= 4, `${settled.cold.gets} GETs`);
  assert.ok(settled.cold.readUnits > 0 && settled.cold.readUnits <= 15, `${settled.cold.readUnits} units`);
  assert.ok(pop3Dollars(settled.cold, 1) > 2 * pop3Dollars(settled.cold, 0));
});
