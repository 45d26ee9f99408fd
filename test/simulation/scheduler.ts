import { enter, quiescence } from './builtins.ts';

/** Somebody whose events may wait (frozen) or never come (dead): one run of one node's process. */
export interface Owner {
  readonly name: string;
  alive: boolean;
  /** Nothing happens here before, ms. */
  frozenUntil: number;
  /** What its own clock says. */
  now(): number;
}

interface Event {
  time: number;
  readonly order: number;
  readonly owner: Owner | undefined;
  run: (() => void) | undefined;
}

/** The one clock, and the order of all that happens. One event at a time; what follows from it at once happens before the next. */
export class Scheduler {
  /** Milliseconds since 1970, of the world; each node's clock may differ. */
  now: number;
  events = 0;
  readonly #heap: Event[] = [];
  #order = 0;
  #current: Owner | undefined;

  constructor(start: number, seed: number) {
    this.now = start;
    enter(
      {
        now: () => Math.floor(this.#current?.now() ?? this.now),
        later: (ms, run) => this.after(ms, run, this.#current),
      },
      seed,
    );
  }

  get current(): Owner | undefined {
    return this.#current;
  }

  get waiting(): number {
    return this.#heap.length;
  }

  /** The returned function takes it back. */
  after(delay: number, run: () => void, owner?: Owner): () => void {
    const event: Event = { time: this.now + Math.max(0, delay), order: this.#order++, owner, run };
    this.#push(event);
    return () => {
      event.run = undefined;
    };
  }

  /** Resolves after a while, for somebody who is alive then. */
  sleep(ms: number, owner: Owner): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve, owner));
  }

  /** Runs the next event and all that follows from it at once. False where there is none up to `until`. */
  async step(until = Number.POSITIVE_INFINITY): Promise<boolean> {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.time > until) return false;
      this.#pop();
      if (next.run === undefined || next.owner?.alive === false) continue;
      if (next.owner !== undefined && next.owner.frozenUntil > next.time) {
        next.time = next.owner.frozenUntil;
        this.#push(next);
        continue;
      }
      this.now = Math.max(this.now, next.time);
      this.#current = next.owner;
      this.events++;
      next.run();
      await quiescence();
      this.#current = undefined;
      return true;
    }
  }

  /** Does something as somebody, as an event of its own: what it starts, timers too, is that one's. */
  by<T>(owner: Owner, run: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve) => void this.after(0, () => resolve(run()), owner));
  }

  /** Does something as a node, between events. */
  async as(owner: Owner, run: () => void): Promise<void> {
    this.#current = owner;
    run();
    await quiescence();
    this.#current = undefined;
  }

  close(): void {
    this.#heap.length = 0;
    enter(undefined);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(event);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}

const before = (a: Event, b: Event): boolean => a.time < b.time || (a.time === b.time && a.order < b.order);
