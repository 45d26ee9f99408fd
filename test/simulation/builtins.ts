import crypto from 'node:crypto';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { setImmediate as immediate } from 'node:timers';
import timers from 'node:timers/promises';
import { Random } from './random.ts';
import { ZstdMemo } from './zstd-memo.ts';

/**
 * Import this before anything of the product. What Node itself does at a time of its own choosing (timers, turns of the event loop,
 * compression in threads) or by its own chance is taken over, so that a run depends on nothing but its seed. Between runs all of it
 * is the machine's own again.
 */
export interface World {
  /** What the running node's clock says, ms since 1970. */
  now(): number;
  /** Runs something later, as whoever runs now; the returned function forgets it. */
  later(ms: number, run: () => void): () => void;
}

let world: World | undefined;
let chance = new Random(0);
let memo = new ZstdMemo();

const require = createRequire(import.meta.url);
const zlib = require('node:zlib') as {
  zstdCompress: unknown;
  zstdCompressSync(bytes: Uint8Array, options?: object): Uint8Array;
  zstdDecompress: unknown;
  zstdDecompressSync(bytes: Uint8Array, options?: { maxOutputLength?: number }): Uint8Array;
};
const own = {
  now: Date.now,
  performanceNow: performance.now.bind(performance),
  randomBytes: crypto.randomBytes,
  hash: crypto.hash as (...args: unknown[]) => unknown,
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  setImmediate: globalThis.setImmediate,
  clearTimeout: globalThis.clearTimeout,
  turn: timers.setImmediate,
  compress: zlib.zstdCompress as (...args: unknown[]) => void,
  decompress: zlib.zstdDecompress as (...args: unknown[]) => void,
  compressSync: zlib.zstdCompressSync,
  decompressSync: zlib.zstdDecompressSync,
};

/** A timer of the simulated world. */
class Timer {
  readonly #start: () => () => void;
  #forget: () => void;

  constructor(start: () => () => void) {
    this.#start = start;
    this.#forget = start();
  }

  refresh(): this {
    this.#forget();
    this.#forget = this.#start();
    return this;
  }

  unref = (): this => this;
  ref = (): this => this;
  close = (): void => this.#forget();
}

type Callback = (...args: unknown[]) => void;

const timeout = (run: Callback, ms = 0, ...args: unknown[]): unknown => {
  const there = world;
  if (there === undefined) return own.setTimeout(run, ms, ...args);
  return new Timer(() => there.later(ms, () => run(...args)));
};
const interval = (run: Callback, ms = 0, ...args: unknown[]): unknown => {
  const there = world;
  if (there === undefined) return own.setInterval(run, ms, ...args);
  const timer: Timer = new Timer(() =>
    there.later(ms, () => {
      timer.refresh();
      run(...args);
    }),
  );
  return timer;
};
const clear = (timer: unknown): void =>
  timer instanceof Timer ? timer.close() : own.clearTimeout(timer as NodeJS.Timeout);

Object.assign(globalThis, {
  setTimeout: timeout,
  setInterval: interval,
  setImmediate: (run: Callback, ...args: unknown[]) =>
    world === undefined ? own.setImmediate(run, ...args) : timeout(run, 0, ...args),
  clearTimeout: clear,
  clearInterval: clear,
  clearImmediate: (timer: unknown) =>
    timer instanceof Timer ? timer.close() : clearImmediateOf(timer as NodeJS.Immediate),
});
Date.now = () => world?.now() ?? own.now();
// Work that lets others in after some milliseconds never finds them over.
Object.defineProperty(performance, 'now', { value: () => world?.now() ?? own.performanceNow() });
Object.assign(crypto, {
  randomBytes: (count: number) =>
    world === undefined ? own.randomBytes(count) : Buffer.from(chance.bytes(count)),
});
const hashes = new Map<string, Buffer>();
Object.assign(crypto, {
  // Of ids, which every replay of a log asks for again.
  hash: (algorithm: string, data: unknown, form: unknown) => {
    if (world === undefined || typeof data !== 'string' || form !== 'buffer')
      return own.hash(algorithm, data, form);
    const name = `${algorithm} ${data}`;
    let known = hashes.get(name);
    if (known === undefined) {
      known = own.hash(algorithm, data, form) as Buffer;
      hashes.set(name, known);
    }
    return Buffer.from(known);
  },
});
Object.assign(timers, {
  setImmediate: (value?: unknown) => (world === undefined ? own.turn(value) : Promise.resolve(value)),
});
zlib.zstdCompressSync = (bytes, options) => {
  const work = () => own.compressSync(bytes, options);
  return world === undefined ? work() : memo.pack(bytes, options, work);
};
zlib.zstdDecompressSync = (bytes, options) => {
  const work = () => own.decompressSync(bytes, options);
  return world === undefined
    ? work()
    : memo.unpack(bytes, options?.maxOutputLength ?? Number.POSITIVE_INFINITY, work);
};
type Packed = (cause: null, packed: Uint8Array) => void;
zlib.zstdCompress = (bytes: Uint8Array, ...rest: readonly [Packed] | readonly [object, Packed]) => {
  if (world === undefined) return own.compress(bytes, ...rest);
  const [options, done] = rest.length === 1 ? [undefined, rest[0]] : rest;
  done(null, zlib.zstdCompressSync(bytes, options));
};
zlib.zstdDecompress = (bytes: Uint8Array, done: (cause: unknown, plain?: Uint8Array) => void) => {
  if (world === undefined) return own.decompress(bytes, done);
  let plain: Uint8Array;
  try {
    plain = zlib.zstdDecompressSync(bytes);
  } catch (cause) {
    return done(cause);
  }
  done(null, plain);
};
syncBuiltinESMExports();

function clearImmediateOf(timer: NodeJS.Immediate): void {
  if (timer !== undefined) require('node:timers').clearImmediate(timer);
}

/** Each round of the event loop asks the system for what came from outside, and nothing does: so many ends of events are asked for in one. */
const endsAtOnce = 64;
let endsToCome = 0;
let waiting: (() => void)[] = [];
const atAnEnd = (): void => {
  endsToCome--;
  const there = waiting;
  waiting = [];
  for (const go of there) go();
};

/**
 * Everything that was made possible has happened: promises lead to promises only before Node's next callback, which also comes after
 * `process.nextTick` and after rejections that nobody has handled are told.
 */
export const quiescence = (): Promise<void> =>
  new Promise((resolve) => {
    waiting.push(resolve);
    if (endsToCome > 0) return;
    for (; endsToCome < endsAtOnce; endsToCome++) immediate(atAnEnd);
  });

/** Hands time and chance to a world, or back to the machine. */
export function enter(next: World | undefined, seed = 0): void {
  world = next;
  chance = new Random(seed, 'builtins');
  memo = new ZstdMemo();
  hashes.clear();
}
