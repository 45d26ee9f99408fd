import { readdirSync, readFileSync } from 'node:fs';
import type { MessageRecord, Part } from '../../shared/message/structure.ts';

const folder = new URL('../fixtures/message/', import.meta.url);

export const fixtureNames = readdirSync(folder)
  .filter((name) => name.endsWith('.eml'))
  .map((name) => name.slice(0, -4));

export const fixture = (name: string): Buffer => readFileSync(new URL(`${name}.eml`, folder));
export const goldenUrl = (name: string): URL => new URL(`${name}.outline`, folder);

/** A record as text that a person can check against the message. */
export function outline(record: MessageRecord): string {
  const lines = [
    `size ${record.size}, header ${record.header.length}`,
    `envelope ${JSON.stringify(record.envelope)}`,
  ];
  const visit = (part: Part, indent: string): void => {
    const { kind, type, subtype, headerStart, bodyStart, bodyEnd, lines: count, ...rest } = part;
    const fields = Object.entries({ ...rest, parts: undefined, content: undefined, envelope: undefined })
      .filter(([, value]) => value !== undefined && JSON.stringify(value) !== '[]')
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    lines.push(
      `${indent}${kind} ${type}/${subtype} header ${headerStart} body ${bodyStart}-${bodyEnd} lines ${count} ${fields.join(' ')}`,
    );
    if (part.kind === 'multipart') for (const child of part.parts) visit(child, `${indent}  `);
    if (part.kind === 'message') {
      lines.push(`${indent}  envelope ${JSON.stringify(part.envelope)}`);
      visit(part.content, `${indent}  `);
    }
  };
  visit(record.root, '');
  return `${lines.join('\n')}\n`;
}
