import type { Envelope, EnvelopeAddress } from '../../message/structure.ts';
import type { ResponseWriter } from '../writer.ts';

/** envelope, RFC 9051 §7.5.2. Sender and Reply-To fell back to From when the record was made. */
export function writeEnvelope(w: ResponseWriter, envelope: Envelope): void {
  w.ascii('(');
  w.headerValue(envelope.date);
  w.sp();
  w.headerValue(envelope.subject);
  const { from, sender, replyTo, to, cc, bcc } = envelope;
  for (const addresses of [from, sender, replyTo, to, cc, bcc]) {
    w.sp();
    writeAddresses(w, addresses);
  }
  w.sp();
  w.headerValue(envelope.inReplyTo);
  w.sp();
  w.headerValue(envelope.messageId);
  w.ascii(')');
}

/** The addresses without SP between, NIL for none. The source route (addr-adl) is always NIL. */
function writeAddresses(w: ResponseWriter, addresses: readonly EnvelopeAddress[]): void {
  if (addresses.length === 0) {
    w.ascii('NIL');
    return;
  }
  w.ascii('(');
  for (const { name, mailbox, host } of addresses) {
    w.ascii('(');
    w.headerValue(name);
    w.ascii(' NIL ');
    w.headerValue(mailbox);
    w.sp();
    w.headerValue(host);
    w.ascii(')');
  }
  w.ascii(')');
}

const empty: Envelope = {
  date: undefined,
  subject: undefined,
  from: [],
  sender: [],
  replyTo: [],
  to: [],
  cc: [],
  bcc: [],
  inReplyTo: undefined,
  messageId: undefined,
};

/** The envelope of a message that cannot be looked into. */
export const writeEmptyEnvelope = (w: ResponseWriter): void => writeEnvelope(w, empty);
