import { parseAddress, parseDomain, printLocalPart } from '../../shared/directory/address.ts';
import type { RecipientDirectory } from '../../shared/directory/resolve-recipient.ts';
import { parseAddresses } from '../../shared/message/addresses.ts';
import { decodeWords } from '../../shared/message/encoded-words.ts';
import { fieldValues } from '../../shared/message/header.ts';
import type { AccountRecord, Domain } from '../../shared/ports/directory.ts';
import { SmtpReply } from '../inbound/smtp-reply.ts';
import { maySendAs } from './sender.ts';

/** Addresses in From and Sender together: each may cost some questions to the directory. */
const mostAuthors = 20;
/** Labels of a name for which it is asked whose domain that is, from the right. */
const mostLabels = 6;

/** The full stops of IDNA (RFC 3490 §3.1). */
const labelEnds = /[.\u3002\uff0e\uff61]/;

/** As those may read them that check who the author is: without a dot at the end, encoded words decoded. */
const hostOf = (text: string): string => decodeWords(text).trim().replace(/\.+$/, '');

function authorsOf(block: Uint8Array): ReadonlySet<string> {
  const authors = new Set<string>();
  for (const name of ['from', 'sender'])
    for (const value of fieldValues(block, name))
      for (const { mailbox, host } of parseAddresses(value)) {
        if (!host) continue;
        authors.add(`${printLocalPart(mailbox ?? '')}@${hostOf(host)}`);
        if (authors.size > mostAuthors) return authors;
      }
  return authors;
}

/** The domain of ours that a name is, or lies in. */
async function ourDomain(
  directory: RecipientDirectory,
  host: string,
): Promise<{ readonly domain: Domain; readonly exact: boolean } | undefined> {
  // As a whole it need be no name: a relay that signs for what is below a domain does not look at the rest.
  const labels = host.split(labelEnds);
  for (let first = 0; first < labels.length; first++) {
    if (first > 0 && labels.length - first > mostLabels) continue;
    const name = parseDomain(labels.slice(first).join('.'));
    const domain = name.ok ? await directory.domain(name.value) : undefined;
    if (domain !== undefined) return { domain, exact: first === 0 };
  }
  return undefined;
}

/** Names below a domain pass for it to DMARC (RFC 7489 §3.1): the tenant's own people may know what they are, others may not use them. */
async function mayBeAuthor(
  directory: RecipientDirectory,
  account: AccountRecord,
  author: string,
): Promise<boolean> {
  if (author.toLowerCase() === account.address) return true;
  const ours = await ourDomain(directory, author.slice(author.lastIndexOf('@') + 1));
  if (ours === undefined) return true;
  if (!ours.exact) return ours.domain.tenant === account.tenant;
  return parseAddress(author).ok && (await maySendAs(directory, account, author));
}

/**
 * Why a message may not go out with its From and Sender (RFC 6409 §6.1). All domains here are sent for by one relay, which signs for each: whoever
 * signs in could write as anybody of another tenant, and pass every check. Addresses in domains of others are not ours to judge.
 */
export async function authorRefusal(
  directory: RecipientDirectory,
  account: AccountRecord,
  block: Uint8Array,
): Promise<SmtpReply | undefined> {
  const authors = authorsOf(block);
  if (authors.size > mostAuthors)
    return new SmtpReply(554, '5.7.1', `From and Sender name more than ${mostAuthors} addresses`);
  for (const author of authors) {
    if (await mayBeAuthor(directory, account, author)) continue;
    const shown = author.replace(/[^!-~]/g, '?').slice(0, 200);
    return new SmtpReply(554, '5.7.1', `From or Sender names ${shown}, which is no address of yours`);
  }
  return undefined;
}
