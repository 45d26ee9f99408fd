import type { TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

interface FakeTimer {
  at: number;
  readonly ms: number;
  readonly run: () => void;
  readonly repeats: boolean;
}

/**
 * The process's timers and clock in the hands of a test, with `refresh`, which node:test's own mock gets wrong on the second call. What Node does by
 * itself takes real time; closing does too, so clean-up that is registered after `install` finds real timers.
 */
export class FakeTimers {
  #now = 1_700_000_000_000;
  readonly #timers = new Set<FakeTimer>();

  /** To be called before anything that cleans up by `t.after`. */
  static install(t: TestContext): FakeTimers {
    const fake = new FakeTimers();
    const real = { setTimeout, setInterval, clearTimeout, clearInterval };
    const now = Date.now;
    t.after(() => {
      Object.assign(globalThis, real);
      Date.now = now;
    });
    const make = (repeats: boolean) => (run: () => void, ms: number) => fake.#make(run, ms, repeats);
    const clear = (handle: unknown) => fake.#clear(handle, real.clearTimeout);
    Object.assign(globalThis, {
      setTimeout: make(false),
      setInterval: make(true),
      clearTimeout: clear,
      clearInterval: clear,
    });
    Date.now = () => fake.#now;
    return fake;
  }

  readonly #handles = new WeakMap<object, FakeTimer>();

  #make(run: () => void, ms: number, repeats: boolean): object {
    const timer: FakeTimer = { at: this.#now + ms, ms, run, repeats };
    this.#timers.add(timer);
    const handle = {
      ref: () => handle,
      unref: () => handle,
      hasRef: () => false,
      refresh: () => {
        timer.at = this.#now + ms;
        this.#timers.add(timer);
        return handle;
      },
    };
    this.#handles.set(handle, timer);
    return handle;
  }

  #clear(handle: unknown, otherwise: (handle: never) => void): void {
    const timer = typeof handle === 'object' && handle !== null ? this.#handles.get(handle) : undefined;
    if (timer) this.#timers.delete(timer);
    else otherwise(handle as never);
  }

  /** Lets what was sent before arrive, and then so much time go by, in the order of what it brings. */
  async pass(ms: number): Promise<void> {
    for (let i = 0; i < 20; i++) await turn();
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#now = Math.max(this.#now, next.at);
      if (next.repeats) next.at += next.ms;
      else this.#timers.delete(next);
      next.run();
      await turn();
    }
    this.#now = end;
  }
}
