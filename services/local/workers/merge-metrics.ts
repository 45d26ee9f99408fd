/** Pages in the Prometheus text format, of processes that are one server. */

interface Family {
  readonly head: readonly string[];
  readonly type: string;
  readonly series: Map<string, number>;
}

const read = (text: string): number => (text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text));
const print = (value: number): string => (value === Number.POSITIVE_INFINITY ? '+Inf' : String(value));

function addPage(families: Map<string, Family>, page: string): void {
  let help = '';
  let family: Family | undefined;
  for (const line of page.split('\n')) {
    if (line.startsWith('# HELP ')) help = line;
    else if (line.startsWith('# TYPE ')) {
      const [, , name = '', type = ''] = line.split(' ');
      family = families.get(name) ?? { head: [help, line], type, series: new Map() };
      families.set(name, family);
    } else if (line !== '') {
      const at = line.lastIndexOf(' ');
      const key = line.slice(0, at);
      family?.series.set(key, (family.series.get(key) ?? 0) + read(line.slice(at + 1)));
    }
  }
}

function render(families: Iterable<Family>): string {
  const lines: string[] = [];
  for (const { head, series } of families) {
    lines.push(...head);
    for (const [key, value] of series) lines.push(`${key} ${print(value)}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** One page of their sums, in the order in which names come. */
export function sumPages(pages: readonly string[]): string {
  const families = new Map<string, Family>();
  for (const page of pages) addPage(families, page);
  return render(families.values());
}

/** What of a page counts after its process has ended: a sum of counters that goes down would be taken for a new beginning. */
export function countersOf(page: string): string {
  const families = new Map<string, Family>();
  addPage(families, page);
  return render([...families.values()].filter(({ type }) => type === 'counter'));
}
