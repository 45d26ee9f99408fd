import type { Random } from './random.ts';

/** A search that a client made, and the UIDs that it was told. */
export interface SearchedFor {
  readonly key: string;
  readonly found: ReadonlySet<number>;
}

/** What a message has that searches ask about. */
export interface Searched {
  readonly flags: readonly string[];
  /** As it was delivered. */
  readonly text: string;
}

/** Words that bodies are made of: some begin alike, so that signatures of three letters cannot tell them apart. */
export const words = [
  'lorem',
  'loremipsum',
  'ipsum',
  'dolor',
  'dolorous',
  'amet',
  'ametist',
  'zebra',
] as const;

const flagKeys = ['SEEN', 'FLAGGED', 'ANSWERED', 'DELETED'] as const;

/** A key of SEARCH (RFC 9051 §6.4.4), as it is sent. */
export function drawKey(random: Random, events: number): string {
  switch (random.weighted({ flag: 2, keyword: 1, subject: 2, header: 1, body: 5, text: 3 })) {
    case 'flag':
      return random.chance(0.5) ? random.pick(flagKeys) : `NOT ${random.pick(flagKeys)}`;
    case 'keyword':
      return `KEYWORD ${random.pick(['$Forwarded', 'later'])}`;
    case 'subject':
      return `SUBJECT "${random.pick(['event', 'draft'])} ${random.int(0, Math.min(9, events))}"`;
    case 'header':
      return `HEADER Message-ID "${random.int(0, events)}@example"`;
    case 'body':
      return `${random.chance(0.2) ? 'NOT ' : ''}BODY "${sought(random)}"`;
    case 'text':
      return `TEXT "${random.chance(0.3) ? `event ${random.int(0, 9)}` : sought(random)}"`;
  }
}

/** A word, the end of one and the beginning of the next, or a piece of one. */
function sought(random: Random): string {
  const [one, next] = [random.pick(words), random.pick(words)];
  if (random.chance(0.5)) return one;
  return random.chance(0.5) ? `${one.slice(-3)} ${next.slice(0, 3)}` : one.slice(random.int(0, 2), 6);
}

/** Whether a message matches, as plainly as can be. */
export function matches(key: string, { flags, text }: Searched): boolean {
  if (key.startsWith('NOT ')) return !matches(key.slice(4), { flags, text });
  const end = text.indexOf('\r\n\r\n');
  const header = text.slice(0, end).toLowerCase();
  const body = text.slice(end + 4).toLowerCase();
  const wanted = /"(.*)"$/.exec(key)?.[1]?.toLowerCase() ?? '';
  const field = (name: string) =>
    header
      .split('\r\n')
      .some((line) => line.startsWith(name) && line.slice(name.length + 1).includes(wanted));
  const [kind, argument] = key.split(' ');
  switch (kind) {
    case 'KEYWORD':
      return flags.includes(argument!);
    case 'SUBJECT':
      return field('subject:');
    case 'HEADER':
      return field('message-id:');
    case 'BODY':
      return body.includes(wanted);
    case 'TEXT':
      return header.includes(wanted) || body.includes(wanted);
    default:
      return flags.includes(`\\${kind![0]}${kind!.slice(1).toLowerCase()}`);
  }
}
