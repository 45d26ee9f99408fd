import { err, ok, type Result } from '../result.ts';

/** A POP3 command: RFC 1939, with CAPA (RFC 2449), STLS (RFC 2595), AUTH (RFC 5034), UTF8 and LANG (RFC 6856). */
export type Command =
  | { readonly kind: 'USER'; readonly name: string }
  | { readonly kind: 'PASS'; readonly password: string }
  /** Without a mechanism: which ones are there? Never standardised, and asked by Outlook. `initial` is base64, or `=`. */
  | { readonly kind: 'AUTH'; readonly mechanism: string | undefined; readonly initial: string | undefined }
  | { readonly kind: 'LIST' | 'UIDL'; readonly message: number | undefined }
  | { readonly kind: 'RETR' | 'DELE'; readonly message: number }
  | { readonly kind: 'TOP'; readonly message: number; readonly lines: number }
  | { readonly kind: 'LANG'; readonly tag: string | undefined }
  | { readonly kind: 'STLS' | 'CAPA' | 'STAT' | 'NOOP' | 'RSET' | 'QUIT' | 'UTF8' };

export type CommandKind = Command['kind'];
export type CommandOf<K extends CommandKind> = Extract<Command, { readonly kind: K }>;

/** Why a line is no command. `usage` is how its command is written. */
export type BadCommand = { readonly kind: 'unknown' } | { readonly kind: 'syntax'; readonly usage: string };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** RFC 6856 has UTF-8 in arguments; what is not came from a client that knows Latin-1 only. */
export function decodeText(octets: Uint8Array): string {
  try {
    return utf8.decode(octets);
  } catch {
    return Buffer.from(octets).toString('latin1');
  }
}

/** Any number of digits; what no maildrop can reach is as good as the largest. */
function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text)
    ? Math.min(Number(text), Number.MAX_SAFE_INTEGER)
    : undefined;
}

type Parse = (rest: string) => Command | undefined;
interface Grammar {
  readonly usage: string;
  readonly parse: Parse;
}

/** Arguments between spaces; more than one space and spaces at the end are forgiven. */
const words = (rest: string): readonly string[] => (rest.trim() === '' ? [] : rest.trim().split(/ +/));

const bare = (kind: 'STLS' | 'CAPA' | 'STAT' | 'NOOP' | 'RSET' | 'QUIT' | 'UTF8'): [string, Grammar] => [
  kind,
  { usage: kind, parse: (rest) => (rest.trim() === '' ? { kind } : undefined) },
];

const one = (kind: 'RETR' | 'DELE'): [string, Grammar] => [
  kind,
  {
    usage: `${kind} message`,
    parse(rest) {
      const [first, ...more] = words(rest);
      const message = number(first);
      return message === undefined || more.length > 0 ? undefined : { kind, message };
    },
  },
];

const oneOrAll = (kind: 'LIST' | 'UIDL'): [string, Grammar] => [
  kind,
  {
    usage: `${kind} [message]`,
    parse(rest) {
      const [first, ...more] = words(rest);
      if (first === undefined) return { kind, message: undefined };
      const message = number(first);
      return message === undefined || more.length > 0 ? undefined : { kind, message };
    },
  },
];

const grammar: ReadonlyMap<string, Grammar> = new Map([
  bare('STLS'),
  bare('CAPA'),
  bare('STAT'),
  bare('NOOP'),
  bare('RSET'),
  bare('QUIT'),
  bare('UTF8'),
  one('RETR'),
  one('DELE'),
  oneOrAll('LIST'),
  oneOrAll('UIDL'),
  [
    'USER',
    {
      usage: 'USER name',
      parse: (rest) => (rest.trim() === '' ? undefined : { kind: 'USER', name: rest.trim() }),
    },
  ],
  // All that follows the one space: passwords hold spaces (RFC 1939 §7), at their ends too.
  ['PASS', { usage: 'PASS password', parse: (rest) => ({ kind: 'PASS', password: rest }) }],
  [
    'TOP',
    {
      usage: 'TOP message lines',
      parse(rest) {
        const [first, second, ...more] = words(rest);
        const message = number(first);
        const lines = number(second);
        if (message === undefined || lines === undefined || more.length > 0) return undefined;
        return { kind: 'TOP', message, lines };
      },
    },
  ],
  [
    'AUTH',
    {
      usage: 'AUTH mechanism [initial-response]',
      parse(rest) {
        const [mechanism, initial, ...more] = words(rest);
        return more.length > 0 ? undefined : { kind: 'AUTH', mechanism: mechanism?.toUpperCase(), initial };
      },
    },
  ],
  [
    'LANG',
    {
      usage: 'LANG [tag]',
      parse(rest) {
        const [tag, ...more] = words(rest);
        return more.length > 0 ? undefined : { kind: 'LANG', tag };
      },
    },
  ],
]);

/** A line without its end. Keywords are case-insensitive (RFC 1939 §3). */
export function parseCommand(line: Uint8Array): Result<Command, BadCommand> {
  const text = decodeText(line);
  const space = text.indexOf(' ');
  const keyword = (space < 0 ? text : text.slice(0, space)).toUpperCase();
  const known = grammar.get(keyword);
  if (known === undefined) return err({ kind: 'unknown' });
  const command = known.parse(space < 0 ? '' : text.slice(space + 1));
  if (command === undefined || (keyword === 'PASS' && space < 0))
    return err({ kind: 'syntax', usage: known.usage });
  return ok(command);
}
