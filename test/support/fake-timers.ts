import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
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
  static #holders = 0;
  #now = 1_700_000_000_000;
  readonly #timers = new Set<FakeTimer>();
  readonly #clients: Socket[] = [];
  readonly #served: Socket[] = [];

  /** Whether a test of this process holds the timers now. */
  static get installed(): boolean {
    return FakeTimers.#holders > 0;
  }

  /** To be called before anything that cleans up by `t.after`. */
  static install(t: TestContext): FakeTimers {
    const fake = new FakeTimers();
    const real = { setTimeout, setInterval, clearTimeout, clearInterval };
    const now = Date.now;
    FakeTimers.#holders++;
    t.after(() => {
      FakeTimers.#holders--;
      Object.assign(globalThis, real);
      Date.now = now;
    });
    fake.#watch(t, 'net.client.socket', fake.#clients);
    fake.#watch(t, 'net.server.socket', fake.#served);
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

  #watch(t: TestContext, channel: string, sockets: Socket[]): void {
    const note = (message: unknown) => sockets.push((message as { readonly socket: Socket }).socket);
    subscribe(channel, note);
    t.after(() => unsubscribe(channel, note));
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

  /** Whether servers of this process have read all that its clients sent, as far as both are still connected. */
  #arrived(): boolean {
    return this.#clients.every((client) => {
      const served = this.#served.find(({ remotePort }) => remotePort === client.localPort);
      if (served === undefined || served.destroyed || client.destroyed) return true;
      return served.bytesRead >= client.bytesWritten;
    });
  }

  /** Lets what was sent before arrive, unless it is not read, and then so much time go by, in the order of what it brings. */
  async pass(ms: number): Promise<void> {
    for (let i = 0; i < 20 || (i < 20_000 && !this.#arrived()); i++) await turn();
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
