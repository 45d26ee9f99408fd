import type { Measure } from './workload.ts';

/** What was measured of one thing: the rounds of each server, Restante's first. */
export interface Figure {
  readonly measure: Measure;
  readonly rounds: readonly (readonly number[])[];
  /** The same with every server durable, of workloads that write; the first's rounds are those above where it is so always. */
  readonly durable?: readonly (readonly number[])[];
}

export const median = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** The better of the others' medians, divided by the first's: above 1, the first is ahead. NaN where one of the two is missing. */
export function ratioOf({ rounds }: Figure): number {
  const [own = [], ...others] = rounds;
  const medians = others.filter((list) => list.length > 0).map(median);
  return own.length === 0 || medians.length === 0 ? Number.NaN : Math.min(...medians) / median(own);
}

export const missesAim = (figure: Figure): boolean => !(ratioOf(figure) >= figure.measure.aim);

const shown = (value: number): string => {
  if (Number.isNaN(value)) return '–';
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toFixed(digits);
};

const shownRatio = (ratio: number): string =>
  Number.isNaN(ratio) ? '–' : ratio.toFixed(ratio >= 100 ? 0 : 1);

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const medians = (rounds: Figure['rounds']): string[] =>
  rounds.map((list) => shown(list.length === 0 ? Number.NaN : median(list)));

/** A row of the table in docs/performance.md, which is what is printed too. */
export function printFigure(figure: Figure): string {
  const { measure, rounds } = figure;
  const ratio = `${shownRatio(ratioOf(figure))}${missesAim(figure) ? ' ✗' : ''}`;
  return row([measure.name, measure.unit, ...medians(rounds), ratio, String(measure.aim)]);
}

/** A row of the table of durable writes. There are no aims in it. */
export function printDurable({ measure, durable = [] }: Figure): string {
  const ratio = shownRatio(ratioOf({ measure, rounds: durable }));
  return row([measure.name, measure.unit, ...medians(durable), ratio]);
}

export function printTable(names: readonly string[], figures: readonly Figure[]): string {
  const head = `| what | unit | ${names.join(' | ')} | ratio | aim |`;
  const rule = `| --- | --- |${' ---: |'.repeat(names.length + 2)}`;
  return [head, rule, ...figures.map(printFigure)].join('\n');
}

/** What was measured with every server durable. */
export function printDurableTable(names: readonly string[], figures: readonly Figure[]): string {
  const head = `| what, every change synced before it is answered | unit | ${names.join(' | ')} | ratio |`;
  const rule = `| --- | --- |${' ---: |'.repeat(names.length + 1)}`;
  return [head, rule, ...figures.filter(({ durable }) => durable).map(printDurable)].join('\n');
}
