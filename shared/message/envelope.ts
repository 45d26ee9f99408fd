import { parseAddresses } from './addresses.ts';
import { fieldAt, fieldText, type HeaderField } from './header.ts';
import type { Envelope, EnvelopeAddress } from './structure.ts';

const single = new Set(['date', 'subject', 'from', 'sender', 'reply-to', 'in-reply-to', 'message-id']);
const several = new Set(['to', 'cc', 'bcc']);

/**
 * The ENVELOPE of a header block (RFC 9051 §7.5.2). Sender and Reply-To fall back to From where they are missing or empty. Of a
 * field that may stand once the first counts; several To, Cc and Bcc fields are joined, as RFC 822 §4.1 allowed.
 */
export function readEnvelope(header: Uint8Array): Envelope {
  const found = new Map<string, HeaderField>();
  const lists = new Map<string, EnvelopeAddress[]>();
  for (let field = fieldAt(header, 0); field !== undefined; field = fieldAt(header, field.end)) {
    if (single.has(field.name)) {
      if (!found.has(field.name)) found.set(field.name, field);
    } else if (several.has(field.name)) {
      const addresses = parseAddresses(fieldText(header, field));
      const list = lists.get(field.name);
      if (list === undefined) lists.set(field.name, addresses);
      else for (const address of addresses) list.push(address);
    }
  }
  const text = (name: string): string | undefined => {
    const field = found.get(name);
    return field && fieldText(header, field);
  };
  const from = parseAddresses(text('from') ?? '');
  const orFrom = (name: string): readonly EnvelopeAddress[] => {
    const addresses = found.has(name) ? parseAddresses(text(name)!) : [];
    return addresses.length > 0 ? addresses : from;
  };
  return {
    date: text('date'),
    subject: text('subject'),
    from,
    sender: orFrom('sender'),
    replyTo: orFrom('reply-to'),
    to: lists.get('to') ?? [],
    cc: lists.get('cc') ?? [],
    bcc: lists.get('bcc') ?? [],
    inReplyTo: text('in-reply-to'),
    messageId: text('message-id'),
  };
}
