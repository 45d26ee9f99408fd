import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drain } from '../../services/local/drain.ts';
import type { RunningService } from '../../services/local/mail-services.ts';
import type { Farewell, Guest } from '../../shared/net/guest.ts';
import { VirtualTime } from '../support/virtual-time.ts';

/** A service in which it is written down who was asked what, and when. */
class Inn implements RunningService {
  readonly listeners = [];
  readonly here = new Set<Guest>();
  /** Milliseconds after the beginning, and what was said. */
  readonly asked: (readonly [at: number, why: Farewell])[] = [];
  closed: { readonly at: number; readonly graceMs: number } | undefined;
  readonly #time: VirtualTime;
  readonly #began: number;

  constructor(time: VirtualTime) {
    this.#time = time;
    this.#began = time.now();
  }

  get guests(): readonly Guest[] {
    return [...this.here];
  }

  get #at(): number {
    return this.#time.now() - this.#began;
  }

  /** `stays` until there is no more time. */
  enter(stays: 'idle' | 'busy' = 'idle'): void {
    const guest: Guest = {
      leave: (why) => {
        this.asked.push([this.#at, why]);
        if (stays === 'idle' || why === 'restartNow') this.here.delete(guest);
      },
      cut: () => assert.fail('nobody is cut by the drain itself'),
    };
    this.here.add(guest);
  }

  async close(graceMs: number): Promise<void> {
    this.closed = { at: this.#at, graceMs };
  }
}

test('idle clients are asked in waves, nobody before the notice is over, and it ends when nobody is left', async () => {
  const time = new VirtualTime(1);
  const inn = new Inn(time);
  for (let i = 0; i < 400; i++) inn.enter();
  await time.until(drain([inn], { noticeMs: 30_000, graceMs: 60_000 }, time.sleep));
  assert.equal(inn.asked.length, 400);
  const waves = new Map<number, number>();
  for (const [at, why] of inn.asked) {
    assert.equal(why, 'restart');
    waves.set(at, (waves.get(at) ?? 0) + 1);
  }
  assert.deepEqual([...waves.values()], Array(40).fill(10));
  assert.deepEqual([[...waves.keys()][0], [...waves.keys()].at(-1)], [30_000, 30_000 + 39 * 1200]);
  assert.deepEqual(inn.closed, { at: 30_000 + 40 * 1200, graceMs: 6000 });
});

test('who comes while the others leave stays until the ports close, and has the rest of the time then', async () => {
  const time = new VirtualTime(1);
  const inn = new Inn(time);
  inn.enter('busy');
  const drained = drain([inn], { noticeMs: 0, graceMs: 50_000 }, time.sleep);
  void time.sleep(20_000).then(() => inn.enter());
  await time.until(drained);
  assert.deepEqual(inn.asked, [
    [0, 'restart'],
    [45_000, 'restartNow'],
    [45_000, 'restartNow'],
  ]);
  assert.deepEqual(inn.closed, { at: 45_000, graceMs: 5000 });
});

test('without clients it is over at once, but not before balancers had their notice', async () => {
  for (const noticeMs of [0, 30_000]) {
    const time = new VirtualTime(1);
    const inn = new Inn(time);
    await time.until(drain([inn], { noticeMs, graceMs: 60_000 }, time.sleep));
    assert.equal(inn.closed?.at, noticeMs);
  }
});
