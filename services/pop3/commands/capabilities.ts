import { type Client, type Handler, okay, refuse, type SessionState, written } from '../session-state.ts';
import { mayNamePassword } from './sign-in.ts';

export interface CapabilityOptions {
  readonly allowPlaintextAuth: boolean;
  readonly offerTls: boolean;
}

function capabilities(client: Client, state: SessionState, options: CapabilityOptions): readonly string[] {
  const passwords = mayNamePassword(client, options);
  return [
    'TOP',
    'UIDL',
    'RESP-CODES',
    'AUTH-RESP-CODE',
    'PIPELINING',
    'EXPIRE NEVER',
    'UTF8 USER',
    'LANG',
    ...(passwords ? ['USER', 'SASL PLAIN'] : []),
    ...(options.offerTls && !client.secure ? ['STLS'] : []),
    // Which server this is, is told to users only (RFC 2449 §6.9).
    ...(state.kind === 'transaction' ? ['IMPLEMENTATION Restante'] : []),
  ];
}

/** CAPA, RFC 2449 §5: what holds on this connection, in this state. */
export const capa =
  (options: CapabilityOptions): Handler<'authorization' | 'transaction', 'CAPA'> =>
  (client, state) => {
    client.writer.ok('Capabilities follow');
    for (const capability of capabilities(client, state, options)) client.writer.line(capability);
    client.writer.end();
    return written;
  };

/** STLS, RFC 2595 §4. */
export const stls =
  (options: CapabilityOptions): Handler<'authorization', 'STLS'> =>
  (client) => {
    if (client.secure) return refuse('TLS is on already');
    return options.offerTls ? { kind: 'startTls' } : refuse('There is no TLS here');
  };

/**
 * UTF8, RFC 6856 §2.1. It changes nothing here: arguments are read as UTF-8 with or without it, and a message goes out as it came in, for
 * every client in use copes better with eight-bit headers than with a message that is refused (§4 leaves this to the server).
 */
export const utf8: Handler<'authorization', 'UTF8'> = () => okay('UTF-8 it is');

const languages = [
  ['en', 'English'],
  ['i-default', 'Default language'],
] as const;

/** LANG, RFC 6856 §3. Texts are in English. */
export const lang: Handler<'authorization' | 'transaction', 'LANG'> = (client, _state, { tag }) => {
  if (tag === undefined) {
    client.writer.ok('Languages follow');
    for (const [language, name] of languages) client.writer.line(`${language} ${name}`);
    client.writer.end();
    return written;
  }
  const wanted = tag.toLowerCase();
  if (wanted === '*' || wanted === 'en' || wanted.startsWith('en-')) return okay('en English it is');
  return wanted === 'i-default' ? okay('i-default English it is') : refuse('Texts are in English only');
};
