import { mailDate } from '../inbound/trace.ts';
import { reporter } from './srs.ts';

export interface FailureReport {
  /** This server's name. */
  readonly hostname: string;
  /** Whom it is for: the sender of what could not be sent on. */
  readonly to: string;
  /** The address that the sender wrote to. Where its mail goes on to is nobody else's affair. */
  readonly recipient: string;
  /** RFC 3463's status. */
  readonly status: string;
  /** Of the message that could not be sent on. */
  readonly header: Uint8Array;
  /** Names this report. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly since: number;
}

/** Of the header block, what is sent back. */
const mostHeader = 64 * 1024;

/** A report for a sender (RFC 3464, RFC 6522). It has the null sender, and no program is to answer it (RFC 3834 §5). */
export function failureReport(report: FailureReport): Uint8Array {
  const { hostname, to, recipient, status, header, id, now, since } = report;
  const boundary = `report-${id}`;
  const domain = recipient.slice(recipient.lastIndexOf('@') + 1);
  const lines = [
    `From: Mail Delivery System <${reporter(domain)}>`,
    `To: <${to}>`,
    'Subject: Your message could not be delivered',
    `Date: ${mailDate(now)}`,
    `Message-ID: <${id}@${hostname}>`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=delivery-status; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    '',
    `Your message to <${recipient}> could not be delivered: mail for that`,
    `address is sent on, and the server it goes to did not take it (${status}).`,
    '',
    `--${boundary}`,
    'Content-Type: message/delivery-status',
    '',
    `Reporting-MTA: dns; ${hostname}`,
    `Arrival-Date: ${mailDate(since)}`,
    '',
    `Final-Recipient: rfc822; ${recipient}`,
    'Action: failed',
    `Status: ${status}`,
    '',
    `--${boundary}`,
    'Content-Type: text/rfc822-headers',
    '',
    '',
  ];
  // A header line may hold octets that are no UTF-8, which is why it is joined as octets.
  const copied = header.subarray(0, mostHeader);
  return Buffer.concat([Buffer.from(lines.join('\r\n')), copied, Buffer.from(`\r\n--${boundary}--\r\n`)]);
}
