import type { SMTPServerDataStream, SMTPServerOptions, SMTPServerSession } from 'smtp-server';
import type { SmtpReply } from './smtp-reply.ts';

/** What is said to a client, in smtp-server's callbacks but as promises: a refusal is a value, a rejection a fault of ours. */
export interface SmtpHandlers {
  connected?(session: SMTPServerSession): SmtpReply | undefined;
  secured?(session: SMTPServerSession): void;
  mailFrom(
    session: SMTPServerSession,
    args: Parameters<NonNullable<SMTPServerOptions['onMailFrom']>>[0],
  ): Promise<SmtpReply | undefined>;
  rcptTo(
    session: SMTPServerSession,
    args: Parameters<NonNullable<SMTPServerOptions['onRcptTo']>>[0],
  ): Promise<SmtpReply | undefined>;
  /** The message. Undefined for 250; LMTP gives one for each recipient. The stream is read to its end, or read over. */
  data(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
  ): Promise<SmtpReply | undefined | readonly (SmtpReply | undefined)[]>;
  closed(session: SMTPServerSession): void;
  /** The connection is gone. */
  gone?(session: SMTPServerSession): void;
}

/** Reads over what is left of a message, so that the answer comes where the client waits for it. */
export function skip(stream: SMTPServerDataStream): void {
  if (!stream.readableEnded && !stream.destroyed) stream.resume();
}
