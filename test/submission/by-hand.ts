import { PassThrough } from 'node:stream';
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import { RetryMemory } from '../../services/inbound/retries.ts';
import type { SmtpReply } from '../../services/inbound/smtp-reply.ts';
import { Submission, type SubmissionHandlerParts } from '../../services/submission/submission.ts';
import type { AccountRecord, Address } from '../../shared/ports/directory.ts';
import { silentLog } from '../../shared/telemetry/log.ts';
import type { Town } from '../inbound/harness.ts';
import { hostname } from './harness.ts';

/** Submission's handlers in a town, without sockets: what a connection says comes when the test says it. */
export const submissionIn = (
  { local, people }: Town,
  change: Partial<SubmissionHandlerParts> = {},
): Submission =>
  new Submission({
    engine: local.engine,
    directory: people,
    relay: undefined,
    forwarder: undefined,
    retries: new RetryMemory(),
    hostname,
    postmaster: undefined,
    messageLimit: 64 * 1024 * 1024,
    allowPlaintextAuth: false,
    offerTls: true,
    signIn: { onAuth: () => () => {}, gone: () => {} },
    log: silentLog,
    ...change,
  });

let sessions = 0;

/** The session of somebody who has signed in over TLS. */
export const sessionOf = ({ people }: Town, name: string): SMTPServerSession =>
  ({
    id: String(++sessions),
    secure: true,
    user: people.accounts.get(`${name}@example.org` as Address),
    remoteAddress: '127.0.0.1',
    hostNameAppearsAs: 'client',
    transmissionType: 'ESMTPSA',
    envelope: { mailFrom: false, rcptTo: [] },
  }) as unknown as SMTPServerSession;

/** An address as MAIL and RCPT name it. */
export const path = (address: string) => ({ address, args: false as const }) as never;

export interface Letter {
  /** What the client has sent is here; it goes on. */
  write(text: string): void;
  /** The client's last octet. */
  end(): void;
  readonly reply: Promise<SmtpReply | undefined>;
}

/** A transaction of who has signed in, up to DATA; the message is the test's to send. */
export async function letter(
  submission: Submission,
  session: SMTPServerSession,
  ...recipients: readonly string[]
): Promise<Letter> {
  for (const step of [
    () => submission.mailFrom(session, path((session.user as unknown as AccountRecord).address)),
    ...recipients.map((to) => () => submission.rcptTo(session, path(to))),
  ]) {
    const refusal = await step();
    if (refusal === undefined) continue;
    submission.closed(session);
    throw refusal;
  }
  const stream = new PassThrough();
  return {
    write: (text) => void stream.write(text),
    end: () => void stream.end(),
    reply: submission.data(stream as unknown as SMTPServerDataStream, session),
  };
}
