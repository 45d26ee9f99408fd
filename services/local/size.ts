import { err, ok, type Result } from '../../shared/result.ts';

/** Sizes as people write them: `5GB`, `500 MB`, `1.5GiB`, `1048576`. KB, MB … are powers of 1,000, KiB, MiB … of 1,024. */

const decimal = ['B', 'KB', 'MB', 'GB', 'TB', 'PB'] as const;

const units: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ...decimal.map((unit, power) => [unit.toLowerCase(), 1000 ** power] as const),
  ...['k', 'm', 'g', 't', 'p'].map((letter, i) => [letter, 1000 ** (i + 1)] as const),
  ...['kib', 'mib', 'gib', 'tib', 'pib'].map((unit, i) => [unit, 1024 ** (i + 1)] as const),
]);

/** Bytes, a safe integer; the error is one line that says what was expected. */
export function parseSize(text: string): Result<number, string> {
  const [, digits = '', unit = ''] = /^\s*(\d{1,16}(?:\.\d{1,6})?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const factor = digits === '' ? undefined : units.get(unit.toLowerCase());
  const bytes = factor === undefined ? Number.NaN : Math.round(Number(digits) * factor);
  return Number.isSafeInteger(bytes)
    ? ok(bytes)
    : err(`${JSON.stringify(text.slice(0, 40))} is not a size such as 500MB, 5GB or 1.5GiB`);
}

/** To three digits: `0 B`, `999 B`, `1.5 GB`, `25.4 KB`. */
export function printSize(bytes: number): string {
  let power = 0;
  let value = bytes;
  // 999.95 KB would be printed as 1000 KB.
  while (Number(value.toPrecision(3)) >= 1000 && power < decimal.length - 1) {
    value /= 1000;
    power += 1;
  }
  return `${Number(value.toPrecision(3))} ${decimal[power]}`;
}
