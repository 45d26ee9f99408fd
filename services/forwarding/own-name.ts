import { parseAddress, withAsciiDomain } from '../../shared/directory/address.ts';
import { parseAddresses } from '../../shared/message/addresses.ts';
import { withoutFields } from '../../shared/message/change-header.ts';
import { encodedWords } from '../../shared/message/encode-words.ts';
import { decodeWords } from '../../shared/message/encoded-words.ts';
import { fieldValue } from '../../shared/message/header.ts';

/** Fields that name the author to a relay that asks for their domain, and signatures over them that no longer hold. */
const replaced = new Set(['from', 'sender', 'return-path', 'dkim-signature']);
const mostName = 200;

/**
 * What stands before `<…>` in From: quoted, or encoded as a whole. The name is the sender's word: a comma or an `@` that is in neither would
 * make a second author of it. Within quotes some take `=?` for an encoded word.
 */
const phrase = (text: string): string =>
  /^[ -~]*$/.test(text) && !text.includes('=?')
    ? `"${text.replace(/["\\]/g, '\\$&')}"`
    : encodedWords(text).join('\r\n ');

/**
 * A header block as it goes through a relay that only takes mail in the name of our own domains: From is `via`, with the author's name, and
 * answers go to the author.
 */
export function inOwnName(block: Uint8Array, via: string): Uint8Array {
  const from = fieldValue(block, 'from') ?? '';
  const author = parseAddresses(from).find(({ host }) => host !== undefined);
  const address = author?.host ? `${author.mailbox}@${author.host}` : undefined;
  const domain = via.slice(via.lastIndexOf('@') + 1);
  const name = decodeWords(author?.name ?? address ?? 'unknown')
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, mostName);
  const fields = [`From: ${phrase(`${name} via ${domain}`)} <${withAsciiDomain(via)}>\r\n`];
  const answersTo = fieldValue(block, 'reply-to') === undefined && address !== undefined;
  if (answersTo && parseAddress(address).ok) fields.push(`Reply-To: <${withAsciiDomain(address)}>\r\n`);
  return Buffer.concat([Buffer.from(fields.join('')), withoutFields(block, replaced)]);
}
