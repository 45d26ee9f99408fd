/** Who sent a message over which connection, for the trace fields (RFC 5321 §4.4). */
export interface Origin {
  /** EHLO's argument. */
  readonly helo: string;
  readonly remote: string;
  /** With which protocol: SMTP, ESMTPS, ESMTPSA, LMTP … (RFC 3848). */
  readonly protocol: string;
  /** TLS version and cipher. */
  readonly tls: { readonly version: string; readonly name: string } | undefined;
  /** This transaction, for whoever looks for it in the log. */
  readonly id: string;
}

export interface TraceOptions {
  /** This server's name. */
  readonly hostname: string;
  readonly now: number;
  /** The envelope's sender; empty for the null one. */
  readonly sender: string;
  /** The recipient, where there is one only: several must not learn of each other. */
  readonly recipient: string | undefined;
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const two = (n: number) => String(n).padStart(2, '0');

/** RFC 5322 §3.3, in UTC. */
export function mailDate(ms: number): string {
  const d = new Date(ms);
  const date = `${days[d.getUTCDay()]}, ${d.getUTCDate()} ${months[d.getUTCMonth()]} ${d.getUTCFullYear()}`;
  return `${date} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())} +0000`;
}

/** Names come from the client: only what a domain or an address literal is made of goes into a header. */
const nameOf = (text: string): string => text.replace(/[^A-Za-z0-9.:[\]_-]/g, '?').slice(0, 255) || 'unknown';

const literal = (address: string): string => `[${address.includes(':') ? 'IPv6:' : ''}${nameOf(address)}]`;

/** The Received field, folded. */
export function receivedField(origin: Origin, options: TraceOptions): string {
  const { hostname, now, recipient } = options;
  const lines = [
    `Received: from ${nameOf(origin.helo)} (${literal(origin.remote)})`,
    ...(origin.tls ? [`(using ${nameOf(origin.tls.version)} with cipher ${nameOf(origin.tls.name)})`] : []),
    `by ${nameOf(hostname)} (Restante) with ${origin.protocol} id ${origin.id}`,
    ...(recipient === undefined ? [] : [`for <${recipient}>`]),
  ];
  return `${lines.join('\r\n\t')};\r\n\t${mailDate(now)}\r\n`;
}

/** What final delivery puts before a message. */
export function traceFields(origin: Origin, options: TraceOptions): Uint8Array {
  const { sender, recipient } = options;
  const deliveredTo = recipient === undefined ? '' : `Delivered-To: ${recipient}\r\n`;
  return Buffer.from(`Return-Path: <${sender}>\r\n${deliveredTo}${receivedField(origin, options)}`);
}

/** Mail that has more trace fields goes round in a circle (RFC 5321 §6.3). */
export const maxHops = 50;

/** Received fields in a header block. */
export function countHops(header: Uint8Array): number {
  return (
    Buffer.from(header)
      .toString('latin1')
      .match(/^received[ \t]*:/gim)?.length ?? 0
  );
}
