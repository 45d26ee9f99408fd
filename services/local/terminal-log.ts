import type { Output } from './context.ts';

const hidden = new Set(['level', 'time', 'event']);

const shown = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? String((value as { message?: unknown }).message ?? JSON.stringify(value))
    : String(value);

/** A log line for a person at a terminal: the time, the event, and its fields. What is no JSON stays as it is. */
export function printLogLine(line: string): string {
  try {
    const fields = JSON.parse(line) as Record<string, unknown>;
    const time = String(fields.time).slice(11, 19);
    const level = fields.level === 'info' ? '' : ` ${String(fields.level).toUpperCase()}`;
    const rest = Object.entries(fields).filter(([name]) => !hidden.has(name));
    return `${time}${level} ${fields.event}${rest.map(([name, value]) => ` ${name}=${shown(value)}`).join('')}\n`;
  } catch {
    return line;
  }
}

/** Where a log's lines go if standard error is a terminal; programs get the JSON itself. */
export const terminalDestination = (to: Output) => ({
  /** One line or several. */
  write: (lines: string) => {
    for (const line of lines.match(/[^\n]*\n/g) ?? [lines]) to.write(printLogLine(line));
  },
});
