import type { AddressField } from '../../../shared/imap/search-criteria.ts';
import { decodeWords } from '../../../shared/message/encoded-words.ts';
import { fieldAt, fieldText } from '../../../shared/message/header.ts';
import { foldHeaderText } from '../../../shared/message/search-text.ts';
import type { EnvelopeAddress, MessageRecord } from '../../../shared/message/structure.ts';

const [lf, cr, colon, space, tab] = [0x0a, 0x0d, 0x3a, 0x20, 0x09];

/**
 * The folded texts of all fields of a name (SEARCH HEADER, RFC 9051 §6.4.4), parted by NUL, which no text has; undefined where there
 * is none. Lines that are another field's are passed over by their first letters, without being made into text.
 */
export function foldedField(name: string): (header: Uint8Array) => string | undefined {
  const wanted = Buffer.from(name.toLowerCase(), 'latin1');
  return (header) => {
    let found: string | undefined;
    for (let at = 0; at < header.length; ) {
      const first = header[at]!;
      if (first === lf || (first === cr && header[at + 1] === lf)) break;
      const field = isNamed(header, at, wanted) ? fieldAt(header, at) : undefined;
      if (field !== undefined && field.start === at) {
        const text = foldHeaderText(decodeWords(fieldText(header, field)));
        found = found === undefined ? text : `${found}\0${text}`;
        at = field.end;
      } else {
        const end = header.indexOf(lf, at);
        if (end < 0) break;
        at = end + 1;
      }
    }
    return found;
  };
}

/** So many are kept only where they were written otherwise. */
const fewAddresses = 16;

/**
 * The same for FROM, TO, CC and BCC, which ask for the envelope's field (RFC 9051 §6.4.4): what was written, and its addresses without comments
 * and escapes where that is not how they were written.
 */
export function addressField(name: AddressField): (record: MessageRecord) => string | undefined {
  const read = foldedField(name);
  return ({ header, envelope }) => {
    const written = read(header);
    if (written === undefined) return undefined;
    const addresses = new Set(envelope[name].map((address) => foldHeaderText(addressText(address))));
    // Looking for each in all that was written is the square of it: many are taken as they are.
    const unlike =
      addresses.size > fewAddresses ? addresses : [...addresses].filter((text) => !written.includes(text));
    return [written, ...unlike].join('\0');
  };
}

/** `name <mailbox@host>`; of a group its name. */
function addressText({ name, mailbox, host }: EnvelopeAddress): string {
  const address = host === undefined ? decodeWords(mailbox ?? '') : `${mailbox ?? ''}@${host}`;
  return name === undefined ? address : `${decodeWords(name)} <${address}>`;
}

function isNamed(header: Uint8Array, at: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    const octet = header[at + i]!;
    if ((octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet) !== name[i]) return false;
  }
  let end = at + name.length;
  while (header[end] === space || header[end] === tab) end++;
  return header[end] === colon;
}
