import { randomBytes } from 'node:crypto';
import { fieldAt } from '../../shared/message/header.ts';
import { SmtpReply } from '../inbound/smtp-reply.ts';
import { countHops, mailDate, maxHops } from '../inbound/trace.ts';

export interface SubmittedOptions {
  /** This server's name, for the Message-ID. */
  readonly hostname: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A header block that is longer is sent as it came. */
const maxHeader = 1024 * 1024;

const headerEnd = Buffer.from('\r\n\r\n');
const emptyLine = Buffer.from('\r\n');

/** Fields that are the sender's own affair (RFC 5322 §3.6.3), or are made at final delivery only (RFC 5321 §4.4). */
const withheld = new Set(['bcc', 'resent-bcc', 'return-path']);

/**
 * The header block as it goes out: without Bcc, with the Date and Message-ID that RFC 6409 §8 has the server add where they are
 * missing. Lines end with CRLF.
 */
export function completeHeader(block: Uint8Array, { hostname, now }: SubmittedOptions): Uint8Array {
  const kept: Uint8Array[] = [];
  const names = new Set<string>();
  let from = 0;
  for (let field = fieldAt(block, 0); field !== undefined; field = fieldAt(block, field.end)) {
    names.add(field.name);
    if (!withheld.has(field.name)) continue;
    kept.push(block.subarray(from, field.start));
    from = field.end;
  }
  kept.push(block.subarray(from));
  const added: Uint8Array[] = [];
  if (!names.has('date')) added.push(Buffer.from(`Date: ${mailDate(now)}\r\n`));
  if (!names.has('message-id'))
    added.push(Buffer.from(`Message-ID: <${randomBytes(15).toString('base64url')}@${hostname}>\r\n`));
  // Text without any header is a body.
  if (names.size === 0 && block.length > 0) added.push(emptyLine);
  return Buffer.concat([...added, ...kept]);
}

/** Where the header block ends, its empty line not included, or -1 where that has not come yet. */
function endOfHeader(held: Buffer): number {
  if (held.indexOf(emptyLine) === 0) return 0;
  const end = held.indexOf(headerEnd);
  return end < 0 ? -1 : end + 2;
}

/** A message on its way out; its lines end with CRLF already. Throws a SmtpReply where it goes round in a circle. */
export async function* submitted(
  chunks: AsyncIterable<Uint8Array>,
  options: SubmittedOptions,
): AsyncGenerator<Uint8Array> {
  let held: Buffer | undefined = Buffer.alloc(0);
  const complete = (block: Uint8Array) => {
    if (countHops(block) > maxHops) throw new SmtpReply(554, '5.4.6', 'The message goes round in a circle');
    return completeHeader(block, options);
  };
  for await (const chunk of chunks) {
    if (held === undefined) {
      yield chunk;
      continue;
    }
    held = Buffer.concat([held, chunk]);
    const end = endOfHeader(held);
    if (end < 0 && held.length <= maxHeader) continue;
    if (end >= 0) yield complete(held.subarray(0, end));
    yield end < 0 ? held : held.subarray(end);
    held = undefined;
  }
  if (held !== undefined) yield complete(held);
}

/** Throws a SmtpReply when more octets come than a message may have. */
export async function* limited(chunks: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > limit) throw new SmtpReply(552, '5.3.4', `Messages are at most ${limit} bytes`);
    yield chunk;
  }
}
