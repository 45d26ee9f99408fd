import { randomBytes } from 'node:crypto';
import { changedHeader, maxHeader, withoutFields } from '../../shared/message/change-header.ts';
import { fieldAt } from '../../shared/message/header.ts';
import { SmtpReply } from '../inbound/smtp-reply.ts';
import { countHops, mailDate, maxHops } from '../inbound/trace.ts';

export interface SubmittedOptions {
  /** This server's name, for the Message-ID. */
  readonly hostname: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Why a message with that header block may not go out. */
  readonly judge?: (block: Uint8Array) => Promise<SmtpReply | undefined>;
}

const emptyLine = Buffer.from('\r\n');

/** Fields that are the sender's own affair (RFC 5322 §3.6.3), or are made at final delivery only (RFC 5321 §4.4). */
const withheld = new Set(['bcc', 'resent-bcc', 'return-path']);

/**
 * The header block as it goes out: without Bcc, with the Date and Message-ID that RFC 6409 §8 has the server add where they are
 * missing. Lines end with CRLF.
 */
export function completeHeader(block: Uint8Array, { hostname, now }: SubmittedOptions): Uint8Array {
  const names = new Set<string>();
  for (let field = fieldAt(block, 0); field !== undefined; field = fieldAt(block, field.end))
    names.add(field.name);
  const added: Uint8Array[] = [];
  if (!names.has('date')) added.push(Buffer.from(`Date: ${mailDate(now)}\r\n`));
  if (!names.has('message-id'))
    added.push(Buffer.from(`Message-ID: <${randomBytes(15).toString('base64url')}@${hostname}>\r\n`));
  // Text without any header is a body.
  if (names.size === 0 && block.length > 0) added.push(emptyLine);
  return Buffer.concat([...added, withoutFields(block, withheld)]);
}

/** A message on its way out; its lines end with CRLF already. Throws a SmtpReply where it may not go, or goes round in a circle. */
export function submitted(
  chunks: AsyncIterable<Uint8Array>,
  options: SubmittedOptions,
): AsyncGenerator<Uint8Array> {
  const change = async (block: Uint8Array): Promise<Uint8Array> => {
    if (countHops(block) > maxHops) throw new SmtpReply(554, '5.4.6', 'The message goes round in a circle');
    const refusal = await options.judge?.(block);
    if (refusal !== undefined) throw refusal;
    return completeHeader(block, options);
  };
  // What cannot be looked at does not go out: Bcc may be in it.
  const tooLong = (): never => {
    throw new SmtpReply(552, '5.3.4', `The header is longer than ${maxHeader} bytes`);
  };
  return changedHeader(chunks, change, tooLong);
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
