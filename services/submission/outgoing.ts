import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import type { RecipientDirectory } from '../../shared/directory/resolve-recipient.ts';
import type { AccountRecord } from '../../shared/ports/directory.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import { Fingerprint, withCrLf } from '../inbound/line-ends.ts';
import { chunksOf, originOf } from '../inbound/reception.ts';
import { SmtpReply, tryLater } from '../inbound/smtp-reply.ts';
import { receivedField } from '../inbound/trace.ts';
import { authorRefusal } from './author.ts';
import { limited, submitted } from './submitted-message.ts';

/** A message's octets, made ready for sending, with the Received field apart: it goes before those for others, and among the trace here. */
export interface Outgoing {
  readonly received: Uint8Array;
  readonly body: AsyncIterable<Uint8Array>;
  readonly print: Fingerprint;
  /** Why the body broke off, where it was for what is in it. */
  readonly refusal: () => SmtpReply | undefined;
}

export interface OutgoingOptions {
  readonly directory: RecipientDirectory;
  readonly account: AccountRecord;
  /** The envelope's. */
  readonly sender: string;
  readonly hostname: string;
  readonly now: number;
  readonly messageLimit: number;
  readonly log: Log;
}

export function outgoingOf(
  stream: SMTPServerDataStream,
  session: SMTPServerSession,
  options: OutgoingOptions,
): Outgoing {
  const { directory, account, sender, hostname, now, messageLimit, log } = options;
  const print = new Fingerprint();
  let refusal: SmtpReply | undefined;
  async function* watched(chunks: AsyncIterable<Uint8Array>) {
    try {
      yield* chunks;
    } catch (cause) {
      if (cause instanceof SmtpReply) refusal = cause;
      throw cause;
    }
  }
  const judge = async (block: Uint8Array): Promise<SmtpReply | undefined> => {
    try {
      return await authorRefusal(directory, account, block);
    } catch (cause) {
      log.error({ event: 'account.unavailable' }, cause);
      return tryLater();
    }
  };
  const received = receivedField(originOf(session), { hostname, now, sender, recipient: undefined });
  const plain = print.of(withCrLf(limited(chunksOf(stream), messageLimit)));
  return {
    received: Buffer.from(received),
    body: watched(submitted(plain, { hostname, now, judge })),
    print,
    refusal: () => refusal,
  };
}
