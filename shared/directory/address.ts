import { domainToASCII, domainToUnicode } from 'node:url';
import type { Address, DomainName } from '../ports/directory.ts';
import { err, ok, type Result } from '../result.ts';

/** Mail addresses (RFC 5321 §4.1.2, RFC 6531 §3.3) in the one form under which the directory knows them. */
export interface MailAddress {
  /** The whole, normalised: lower case, NFC, the domain in U-labels, quotes only where they are needed. */
  readonly address: Address;
  /** The local part without its quotes. */
  readonly local: string;
  readonly domain: DomainName;
  /** What stands before and after the first `+` (RFC 5233): `anna+lists@…` is `anna@…` with the detail `lists`. */
  readonly base: Address;
  readonly detail: string | undefined;
}

export type AddressError =
  | 'noDomain'
  | 'badLocalPart'
  | 'localPartTooLong'
  | 'badDomain'
  | 'domainTooLong'
  | 'domainLiteral';

/** RFC 5321 §4.5.3.1, in bytes. */
const maxLocalPart = 64;
const maxDomain = 255;

/** atext of RFC 5322 §3.2.3 with dots anywhere; RFC 6531 adds all that is not ASCII. */
const bareLocalPart = /^[a-z0-9!#$%&'*+/=?^_`{|}~.\u0080-\u{10ffff}-]+$/iu;
const dotString = /^[^.]+(\.[^.]+)*$/;
/** Controls, surrogates, unassigned, private and invisible characters, and spaces other than ASCII's. ZWNJ and ZWJ spell words. */
const unfit = /[\p{Cc}\p{Cs}\p{Cn}\p{Co}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}|(?! )\p{Zs}/u;
const letterDigitHyphen = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;

/** Lower case can undo NFC, and NFC can make what has a lower case, so both are done until neither changes anything. */
function foldCase(text: string): string {
  let folded = text.normalize('NFC');
  for (let round = 0; round < 4; round++) {
    const next = folded.toLowerCase().normalize('NFC');
    if (next === folded) break;
    folded = next;
  }
  return folded;
}

/** The local part's content: a dot-string, or a quoted string without its quotes and backslashes. */
export function unquoteLocalPart(text: string): string | undefined {
  // Dots at the ends or side by side are against the grammar and in use (Japanese mobile operators): taken as if quoted.
  if (!text.startsWith('"')) return bareLocalPart.test(text) ? text : undefined;
  const inner = /^"((?:[^"\\]|\\.)+)"$/su.exec(text)?.[1];
  return inner?.replace(/\\(.)/gsu, '$1');
}

/** As it stands on the wire: quoted only where it is no dot-string, so that each has one spelling. */
export function printLocalPart(local: string): string {
  if (bareLocalPart.test(local) && dotString.test(local)) return local;
  return `"${local.replace(/["\\]/g, '\\$&')}"`;
}

/** The local part without quotes, folded. Two local parts that differ in case only are the same person's. */
function parseLocalPart(text: string): Result<string, AddressError> {
  if (Buffer.byteLength(text) > maxLocalPart * 2 + 2) return err('localPartTooLong');
  const content = unquoteLocalPart(text);
  if (content === undefined) return err('badLocalPart');
  const local = foldCase(content);
  if (unfit.test(local)) return err('badLocalPart');
  return Buffer.byteLength(printLocalPart(local)) > maxLocalPart ? err('localPartTooLong') : ok(local);
}

/** A domain in lower-case U-labels, whether it was written in A-labels or U-labels (RFC 5891). */
export function parseDomain(text: string): Result<DomainName, AddressError> {
  if (text.startsWith('[')) return err('domainLiteral');
  if (Buffer.byteLength(text) > maxDomain) return err('domainTooLong');
  // domainToASCII is a URL's parser: it would decode %41, cut at a slash and drop line ends.
  if (unfit.test(text) || /[\0-,/:-@[-`{-\x7f]/.test(text)) return err('badDomain');
  const ascii = domainToASCII(text);
  const labels = ascii.split('.');
  if (!labels.every((label) => letterDigitHyphen.test(label))) return err('badDomain');
  // An all-digit last label is an IPv4 address to a URL's parser.
  if (/^\d+$/.test(labels.at(-1) ?? '')) return err('badDomain');
  const unicode = domainToUnicode(ascii);
  if (unicode === '' || domainToASCII(unicode) !== ascii) return err('badDomain');
  if (ascii.length > 253 || Buffer.byteLength(unicode) > maxDomain) return err('domainTooLong');
  return ok(unicode as DomainName);
}

/** The domain in A-labels, as peers without SMTPUTF8 and the DNS want it. */
export const asciiDomain = (domain: DomainName): string => domainToASCII(domain);

/** An address as peers without SMTPUTF8 take it, where its local part lets them: with its domain in A-labels. */
export function withAsciiDomain(address: string): string {
  const at = address.lastIndexOf('@') + 1;
  const domain = parseDomain(address.slice(at));
  return at === 0 || !domain.ok ? address : address.slice(0, at) + asciiDomain(domain.value);
}

const join = (local: string, domain: DomainName) => `${printLocalPart(local)}@${domain}` as Address;

export function parseAddress(text: string): Result<MailAddress, AddressError> {
  const at = text.lastIndexOf('@');
  if (at < 0) return err('noDomain');
  const domain = parseDomain(text.slice(at + 1));
  if (!domain.ok) return domain;
  const local = parseLocalPart(text.slice(0, at));
  if (!local.ok) return local;
  const address = join(local.value, domain.value);
  const plus = local.value.indexOf('+');
  const split = plus > 0 && plus < local.value.length - 1;
  return ok({
    address,
    local: local.value,
    domain: domain.value,
    base: split ? join(local.value.slice(0, plus), domain.value) : address,
    detail: split ? local.value.slice(plus + 1) : undefined,
  });
}

/** The address of the alias that takes what nobody else in the domain does. */
export const catchAll = (domain: DomainName): Address => `@${domain}` as Address;

/** What an alias may be named: an address, or `@domain` for a catch-all. */
export function parseAliasAddress(
  text: string,
): Result<{ readonly address: Address; readonly domain: DomainName }, AddressError> {
  if (!text.startsWith('@')) return parseAddress(text);
  const domain = parseDomain(text.slice(1));
  return domain.ok ? ok({ address: catchAll(domain.value), domain: domain.value }) : domain;
}

const wording: Record<AddressError, string> = {
  noDomain: 'it has no @domain',
  badLocalPart: 'what stands before the @ is not a local part',
  localPartTooLong: `what stands before the @ is longer than ${maxLocalPart} bytes`,
  badDomain: 'it does not name a domain',
  domainTooLong: `the domain is longer than ${maxDomain} bytes`,
  domainLiteral: 'addresses in brackets are not served',
};

export const explainAddressError = (error: AddressError): string => wording[error];
