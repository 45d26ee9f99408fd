import { setImmediate as turn } from 'node:timers/promises';

/** Work by name, counted where it is done, whoever does it. */
export type Counts = Record<string, number>;

/** Counts the calls of a method, or what `amount` says of each one's first argument. */
export function countCalls(
  counts: Counts,
  name: string,
  prototype: object,
  method: string,
  amount: (first: unknown) => number = () => 1,
): void {
  const own = Reflect.get(prototype, method) as (...args: unknown[]) => unknown;
  counts[name] ??= 0;
  Object.defineProperty(prototype, method, {
    value(this: unknown, ...args: unknown[]) {
      counts[name]! += amount(args[0]);
      return own.apply(this, args);
    },
  });
}

/** How much of each is done in one turn of the event loop, at most, and how many turns there are. */
export async function watchTurns(
  counts: Counts,
  run: () => Promise<void>,
): Promise<{ readonly most: Readonly<Counts>; readonly turns: number }> {
  const most: Counts = {};
  let [turns, going] = [0, true];
  const watching = (async () => {
    while (going) {
      const before = { ...counts };
      await turn();
      for (const [name, count] of Object.entries(counts))
        most[name] = Math.max(most[name] ?? 0, count - before[name]!);
      turns++;
    }
  })();
  await run();
  going = false;
  await watching;
  return { most, turns };
}
