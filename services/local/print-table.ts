/** Rows in columns as wide as they need to be; the last one is not padded. Numbers stand to the right. */
export function printTable(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const widths = header.map((name, i) =>
    Math.max(width(name), ...rows.map((row) => width(String(row[i] ?? '')))),
  );
  const line = (cells: readonly (string | number)[]) =>
    cells
      .map((cell, i) => {
        const text = String(cell);
        const gap = ' '.repeat(widths[i]! - width(text));
        return typeof cell === 'number' ? gap + text : text + gap;
      })
      .join('  ')
      .trimEnd();
  return [header, ...rows].map((cells) => `${line(cells)}\n`).join('');
}

const width = (text: string): number => [...text].length;
