import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { AwsNotifier, type NewsChannel, type NewsParts } from '../../shared/adapters/aws/notifier.ts';
import { type AccountId, newAccountId, systemEntropy } from '../../shared/ids.ts';
import { FakeTimers } from '../support/fake-timers.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const second = 1_000;
const accounts = 100;

/** A hundred accounts watched by a notifier as it is unless it is told otherwise, with a channel that is up or down as a test says. */
function watching(t: TestContext) {
  const timers = FakeTimers.install(t);
  /** How long the process stood still, ms. */
  let still = 0;
  t.mock.method(performance, 'now', () => Date.now() + still);
  const random = new SeededRandom(7);
  const looks = new Map<AccountId, number[]>();
  const channel = { up: true, send() {}, follow() {}, unfollow() {}, close: async () => undefined };
  let parts!: NewsParts;
  const notifier = new AwsNotifier({
    grownBeyond: async (account) => {
      looks.set(account, [...(looks.get(account) ?? []), performance.now()]);
      return undefined;
    },
    channel: (given): NewsChannel => {
      parts = given;
      return channel;
    },
    random: () => random.next(),
  });
  t.after(() => notifier.close());
  for (let n = 0; n < accounts; n++) notifier.watch(newAccountId(systemEntropy), () => undefined);
  return {
    channel,
    missed: () => parts.onMissed(() => true),
    standStill: (ms: number) => {
      still += ms;
    },
    /** When each account was looked at while time passed, in seconds; `first` happens at the beginning of it. */
    looksWithin: async (ms: number, first = () => {}): Promise<readonly (readonly number[])[]> => {
      const began = performance.now();
      looks.clear();
      first();
      await timers.pass(ms);
      return Array.from(looks.values(), (times) => times.map((at) => (at - began) / second));
    },
  };
}

/** All were looked at, each so many times, and never most of them in one second. */
function assertSpread(looks: readonly (readonly number[])[], times: number): void {
  assert.equal(looks.length, accounts);
  const inOne = new Map<number, number>();
  for (const each of looks) {
    assert.equal(each.length, times);
    for (const at of each) inOne.set(Math.floor(at), (inOne.get(Math.floor(at)) ?? 0) + 1);
  }
  assert.ok(Math.max(...inOne.values()) < accounts / 2, `${[...inOne]}`);
}

test('after what may have been missed every account is looked at at once, and then not before its interval is over', async (t) => {
  const { missed, looksWithin } = watching(t);
  assert.deepEqual((await looksWithin(300 * second, missed)).flat(), Array(accounts).fill(0));
  assertSpread(await looksWithin(76 * second), 1);
});

test('while the channel is down every account is looked at each 15 s, not all of them together', async (t) => {
  const { channel, looksWithin } = watching(t);
  assert.deepEqual(await looksWithin(60 * second), []);
  channel.up = false;
  assertSpread(await looksWithin(16 * second), 1);
  assertSpread(await looksWithin(60 * second), 4);
});

test('after a time in which the process stood still each account is late once', async (t) => {
  const { channel, looksWithin, standStill } = watching(t);
  channel.up = false;
  await looksWithin(60 * second);
  standStill(600 * second);
  const late = await looksWithin(second);
  assert.deepEqual(
    late.map((each) => each.length),
    Array(accounts).fill(1),
  );
  assertSpread(await looksWithin(15 * second), 1);
});
