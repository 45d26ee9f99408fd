import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Exchange } from '../../../services/local/workers/exchange.ts';
import { countersOf, sumPages } from '../../../services/local/workers/merge-metrics.ts';
import type { News } from '../../../services/local/workers/news.ts';
import { Outbox } from '../../../services/local/workers/outbox.ts';
import { Restarts } from '../../../services/local/workers/restarts.ts';
import { SharedNotifier, shareState } from '../../../services/local/workers/shared-state.ts';
import type { AccountId, LogPosition } from '../../../shared/ids.ts';
import { noNetworks } from '../../../shared/net/networks.ts';
import { createMetrics } from '../../../shared/telemetry/metrics.ts';

const secret = Buffer.alloc(32, 7);
/** Until all that was said has been passed on: each way takes a turn of the event loop. */
const delivered = async () => {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
};

/** A process of a server, without the process. */
function member(exchange: Exchange, number: number) {
  const outbox = new Outbox((news, sent) => {
    // As through the pipe.
    exchange.tell(number, JSON.parse(JSON.stringify(news)));
    sent();
  });
  const state = shareState(outbox, { trustedNetworks: noNetworks, maxConnections: 20_000 }, secret);
  const silent = { announce() {}, watch: () => () => {} };
  const notifier = new SharedNotifier(silent, outbox);
  exchange.join(number, (news, sent) => {
    state.take(news);
    notifier.take(news);
    sent();
  });
  return { ...state, notifier };
}

test('a limit per account holds over all processes, also for one that comes later', async () => {
  const exchange = new Exchange();
  const [one, two] = [member(exchange, 1), member(exchange, 2)];
  for (let i = 0; i < 25; i++)
    for (const { signedIn } of [one, two]) assert.equal(signedIn.open('anna', false), 'ok');
  await delivered();
  const three = member(exchange, 3);
  await delivered();
  for (const { signedIn } of [one, two, three])
    assert.equal(signedIn.open('anna', false), 'tooManyFromAddress');
  assert.equal(three.signedIn.open('bert', false), 'ok');
  two.signedIn.close('anna');
  await delivered();
  assert.equal(three.signedIn.open('anna', false), 'ok');
});

test('what a process had open that has ended counts no more', async () => {
  const exchange = new Exchange();
  const [one, two] = [member(exchange, 1), member(exchange, 2)];
  for (let i = 0; i < 500; i++) two.counts.open('192.0.2.1', false);
  await delivered();
  assert.equal(one.counts.total, 500);
  assert.equal(one.counts.open('192.0.2.1', false), 'tooManyFromAddress');
  exchange.leave(2);
  await delivered();
  assert.equal(one.counts.total, 0);
  assert.equal(one.counts.open('192.0.2.1', false), 'ok');
});

test('failed sign-ins, verified passwords and unanswered deliveries are known to all', async () => {
  const exchange = new Exchange();
  const [one, two] = [member(exchange, 1), member(exchange, 2)];
  const now = Date.now();
  for (let i = 0; i < 6; i++) one.throttle.failed('anna', '192.0.2.1', now);
  const account = { id: 'a' as AccountId, credentialVersion: 1 };
  const mark = one.remembered.mark(account, 'secret');
  assert.equal(two.remembered.mark(account, 'secret'), mark);
  one.remembered.remember(mark, now);
  one.retries.failed('message', 'id');
  one.retries.hadNoRoom('a sender', account.id, 1000);
  await delivered();
  assert.ok(two.throttle.waitMs('anna', '192.0.2.1', now) > 0);
  assert.ok(two.remembered.has(mark, now));
  assert.equal(two.retries.idFor('message'), 'id');
  two.retries.settled('message');
  assert.equal(two.retries.takeSize('a sender', account.id), 1000);
  await delivered();
  assert.ok(!one.retries.has('message'));
  assert.equal(one.retries.takeSize('a sender', account.id), undefined);
});

test('listeners hear what other processes announce, until they have enough', async () => {
  const exchange = new Exchange();
  const [one, two] = [member(exchange, 1), member(exchange, 2)];
  const heard: number[] = [];
  const end = two.notifier.watch('a' as AccountId, (position) => heard.push(position));
  one.notifier.announce('a' as AccountId, 4 as LogPosition);
  one.notifier.announce('a' as AccountId, 5 as LogPosition);
  await delivered();
  assert.deepEqual(heard, [5]);
  end();
  one.notifier.announce('a' as AccountId, 6 as LogPosition);
  await delivered();
  assert.deepEqual(heard, [5]);
});

test('news merge while the message before is on its way; what cancels out is not sent', async () => {
  const sent: News[] = [];
  let taken = () => {};
  const outbox = new Outbox((news, done) => {
    sent.push(news);
    taken = done;
  });
  outbox.count('connections', 'x', 1);
  await delivered();
  for (let i = 0; i < 10_000; i++) {
    outbox.count('connections', 'x', i % 2 === 0 ? 1 : -1);
    outbox.grown('a', i);
    outbox.signIn('failed', `user${i}`, 'x');
  }
  await delivered();
  assert.equal(sent.length, 1);
  taken();
  assert.equal(sent.length, 2);
  assert.deepEqual(sent[1]?.counts, []);
  assert.deepEqual(sent[1]?.grown, [['a', 9_999]]);
  assert.equal(sent[1]?.signIns.length, 1000);
});

test('metrics of several processes are sums, and counters of one that has ended stay', () => {
  const [one, two] = [createMetrics(), createMetrics()];
  for (const [metrics, n] of [
    [one, 3],
    [two, 4],
  ] as const) {
    metrics.counter('restante_x_total', 'X', ['kind']).add({ kind: 'a b' }, n);
    metrics.gauge('restante_open', 'Open').set({}, n);
  }
  assert.equal(
    sumPages([one.render(), two.render()]),
    '# HELP restante_x_total X\n# TYPE restante_x_total counter\nrestante_x_total{kind="a b"} 7\n' +
      '# HELP restante_open Open\n# TYPE restante_open gauge\nrestante_open 7\n',
  );
  assert.match(countersOf(one.render()), /_total\{kind="a b"\} 3\n$/);
  assert.doesNotMatch(countersOf(one.render()), /open/);
});

test('a worker is replaced at once, one that ends again and again later and later, and at last no more', () => {
  const restarts = new Restarts();
  const delays = Array.from({ length: 11 }, () => restarts.ended(100));
  assert.deepEqual(delays, [0, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 'tooMany']);
  assert.equal(restarts.ended(60_000), 0);
});
