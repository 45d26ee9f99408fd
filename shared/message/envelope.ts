import { parseAddresses } from './addresses.ts';
import { fieldNames } from './field-names.ts';
import { eachField, type FieldPlace, fieldText } from './header.ts';
import type { Envelope, EnvelopeAddress } from './structure.ts';

const several = ['to', 'cc', 'bcc'];
const envelopeFields = fieldNames([
  ...['date', 'subject', 'from', 'sender', 'reply-to', 'in-reply-to', 'message-id'],
  ...several,
]);

/**
 * The ENVELOPE of a header block (RFC 9051 §7.5.2). Sender and Reply-To fall back to From where they are missing or empty. Of a
 * field that may stand once the first counts; several To, Cc and Bcc fields are joined, as RFC 822 §4.1 allowed.
 */
export function readEnvelope(header: Uint8Array): Envelope {
  const found = new Map<string, FieldPlace>();
  const lists = new Map<string, EnvelopeAddress[]>();
  eachField(header, envelopeFields, (name, place) => {
    if (!several.includes(name)) {
      if (!found.has(name)) found.set(name, place);
      return;
    }
    const addresses = parseAddresses(fieldText(header, place));
    const list = lists.get(name);
    if (list === undefined) lists.set(name, addresses);
    else for (const address of addresses) list.push(address);
  });
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
