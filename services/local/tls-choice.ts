import { resolve } from 'node:path';
import { asciiDomain, parseDomain } from '../../shared/directory/address.ts';
import { err, ok } from '../../shared/result.ts';
import type { AcmeChoice } from './acme/keep.ts';
import { type OptionReader, type Parsed, parseSwitch, quoted } from './option-reader.ts';

/** Where the server's certificate comes from. */
export type TlsChoice =
  | { readonly kind: 'local' }
  | { readonly kind: 'files'; readonly certFile: string; readonly keyFile: string }
  | { readonly kind: 'secret'; readonly id: string }
  | ({ readonly kind: 'acme' } & AcmeChoice);

export const letsEncrypt = 'https://acme-v02.api.letsencrypt.org/directory';

/** Names of one certificate: Let's Encrypt takes no more. */
const maxNames = 100;

export const parseFile = (text: string): Parsed<string> =>
  text.trim() === '' || text.includes('\0') ? err('it is no path') : ok(resolve(text));

function parseSecretId(text: string): Parsed<string> {
  return /^[\w/+=.@:-]{1,2048}$/.test(text) ? ok(text) : err(`${quoted(text)} is no name or ARN of a secret`);
}

function parseNames(text: string): Parsed<readonly string[]> {
  const names = new Set<string>();
  for (const part of text.split(',')) {
    const parsed = parseDomain(part.trim());
    if (!parsed.ok) return err(`${quoted(part.trim())} is not a host name such as mail.example.org`);
    names.add(asciiDomain(parsed.value));
  }
  return names.size <= maxNames ? ok([...names]) : err(`there are more than ${maxNames} names`);
}

function parseContact(text: string): Parsed<string> {
  return /^[^\s@,?]{1,64}@[a-z0-9.-]{1,255}$/i.test(text)
    ? ok(text)
    : err(`${quoted(text)} is not an address`);
}

function parseDirectory(text: string): Parsed<string> {
  const url = URL.parse(text);
  return url?.protocol === 'https:' ? ok(url.href) : err(`${quoted(text)} is not a URL with https`);
}

function parsePort(text: string): Parsed<number> {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  return port <= 65_535 ? ok(port) : err(`${quoted(text)} is not a port (0 to 65535)`);
}

/** Reads the choice; complaints are left with the reader. */
export function readTlsChoice(reader: OptionReader): TlsChoice {
  const certFile = reader.read<string | undefined>('tls-cert', parseFile, undefined);
  const keyFile = reader.read<string | undefined>('tls-key', parseFile, undefined);
  for (const [name, other] of [
    ['tls-cert', 'tls-key'],
    ['tls-key', 'tls-cert'],
  ] as const)
    if (reader.has(name) && !reader.has(other)) reader.complain(name, `needs --${other} too`);
  const id = reader.read<string | undefined>('tls-secret', parseSecretId, undefined);
  const domains = reader.read('acme-domain', parseNames, []);
  if (reader.has('acme-domain')) {
    for (const name of ['tls-cert', 'tls-secret'])
      if (reader.has(name)) reader.complain(name, 'is another certificate than that of --acme-domain');
    if (!reader.read('acme-agree', parseSwitch, false))
      reader.complain(
        'acme-domain',
        "needs --acme-agree: that you agree to the authority's terms of service",
      );
    return {
      kind: 'acme',
      domains,
      email: reader.read<string | undefined>('acme-email', parseContact, undefined),
      directory: reader.read('acme-directory', parseDirectory, letsEncrypt),
      port: reader.read('acme-port', parsePort, 80),
    };
  }
  for (const name of ['acme-email', 'acme-agree'])
    if (reader.has(name)) reader.complain(name, 'needs --acme-domain');
  if (certFile !== undefined && keyFile !== undefined) return { kind: 'files', certFile, keyFile };
  return id === undefined ? { kind: 'local' } : { kind: 'secret', id };
}
