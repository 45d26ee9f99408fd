/**
 * What is started before it is needed: at most `count` at once, and no more than one where that passes `weight` in all. More is started when
 * half of them are taken: what is asked for together comes cheaper.
 */
export interface Ahead {
  readonly count: number;
  readonly weight: number;
}

interface Started<T, R> {
  readonly item: T;
  readonly weight: number;
  readonly result: Promise<R>;
}

/**
 * Starts work on items before their results are asked for, and hands the results over in the items' order. `start` should not
 * reject. Where the reader leaves early, results already started are given to `discard`.
 */
export async function* readAhead<T, R>(
  items: Iterable<T>,
  start: (item: T) => Promise<R>,
  { count, weight }: Ahead,
  weigh: (item: T) => number = () => 0,
  discard: (result: R) => unknown = () => undefined,
): AsyncGenerator<readonly [T, R]> {
  const source = items[Symbol.iterator]();
  const started: Started<T, R>[] = [];
  let next = source.next();
  let held = 0;
  try {
    for (;;) {
      const wanted = started.length * 2 > count ? 0 : count;
      while (!next.done && started.length < wanted) {
        const itsWeight = weigh(next.value);
        if (started.length > 0 && held + itsWeight > weight) break;
        held += itsWeight;
        const result = start(next.value);
        // Awaited in its turn; until then a failure is not unhandled.
        result.catch(() => undefined);
        started.push({ item: next.value, weight: itsWeight, result });
        next = source.next();
      }
      const first = started.shift();
      if (first === undefined) return;
      const result = await first.result;
      yield [first.item, result];
      held -= first.weight;
    }
  } finally {
    source.return?.();
    for (const { result } of started) result.then(discard, () => undefined);
  }
}
