/**
 * Counters and gauges in the Prometheus text format (version 0.0.4). Values live in the process; a scrape reads them.
 * Label values must come from closed sets (commands, outcomes, services): as a backstop a metric holds at most
 * `maxSeries` combinations, and what comes after is counted together under the label value `other`.
 */
export interface Counter<L extends string = never> {
  /** Adds `amount` (1 unless given, never negative). */
  add(labels: Labels<L>, amount?: number): void;
}

export interface Gauge<L extends string = never> {
  set(labels: Labels<L>, value: number): void;
  add(labels: Labels<L>, amount: number): void;
}

export type Labels<L extends string> = { readonly [K in L]: string };

export interface Metrics {
  /** Names are `restante_…_total`. Asking again for a name gives the same counter. */
  counter<L extends string = never>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  gauge<L extends string = never>(name: string, help: string, labels?: readonly L[]): Gauge<L>;
  /** A gauge without labels that is read when scraped. The last reader given for a name counts. */
  observe(name: string, help: string, read: () => number): void;
  /** The page, `text/plain; version=0.0.4`. */
  render(): string;
}

export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

const maxSeries = 1000;
const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

interface Family {
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  readonly series: Map<string, number>;
  read: (() => number) | undefined;
}

const escapeHelp = (text: string) => text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n');
const escapeValue = (text: string) => escapeHelp(text).replace(/"/g, '\\"');

const printNumber = (value: number) =>
  value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);

/** The text between the braces, which is also the key of the series. */
function seriesKey(family: Family, labels: Record<string, string>): string {
  const print = (value: (name: string) => string) =>
    family.labels.map((name) => `${name}="${escapeValue(value(name))}"`).join(',');
  const key = print((name) => labels[name] ?? '');
  if (family.series.has(key) || family.series.size < maxSeries) return key;
  return print(() => 'other');
}

export function createMetrics(): Metrics {
  const families = new Map<string, Family>();

  function family(type: Family['type'], name: string, help: string, labels: readonly string[]): Family {
    const known = families.get(name);
    if (known) {
      if (known.type !== type || known.labels.join() !== labels.join())
        throw new Error(`metric ${name} is already there with another type or other labels`);
      return known;
    }
    if (!metricName.test(name) || !labels.every((label) => labelName.test(label)))
      throw new Error(`metric ${name} or one of its labels is badly named`);
    const made: Family = { type, help, labels, series: new Map(), read: undefined };
    if (labels.length === 0) made.series.set('', 0);
    families.set(name, made);
    return made;
  }

  const adder = (of: Family) => (labels: Record<string, string>, amount: number) => {
    const key = seriesKey(of, labels);
    of.series.set(key, (of.series.get(key) ?? 0) + amount);
  };

  return {
    counter(name, help, labels = []) {
      const add = adder(family('counter', name, help, labels));
      return {
        add(values, amount = 1) {
          if (!(amount >= 0)) throw new RangeError(`counter ${name} cannot go down by ${amount}`);
          add(values, amount);
        },
      };
    },
    gauge(name, help, labels = []) {
      const of = family('gauge', name, help, labels);
      return { add: adder(of), set: (values, value) => void of.series.set(seriesKey(of, values), value) };
    },
    observe(name, help, read) {
      family('gauge', name, help, []).read = read;
    },
    render() {
      let page = '';
      for (const [name, of] of families) {
        page += `# HELP ${name} ${escapeHelp(of.help)}\n# TYPE ${name} ${of.type}\n`;
        if (of.read) page += `${name} ${printNumber(of.read())}\n`;
        else
          for (const [key, value] of of.series)
            page += `${name}${key === '' ? '' : `{${key}}`} ${printNumber(value)}\n`;
      }
      return page;
    },
  };
}
