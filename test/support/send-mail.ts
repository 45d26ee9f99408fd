import { readFile } from 'node:fs/promises';
import SmtpConnection from 'nodemailer/lib/smtp-connection';
import { type ServerProcess, type TestAccount, testDomain } from './server-process.ts';

export type Way = 'smtp' | 'lmtp' | 'submission' | 'submissions';

/** A connection that mail is sent on, one message after the other. */
export interface MailSender {
  /** Resolves when the server has acknowledged the message for every recipient; throws where it refused one. */
  send(recipients: readonly string[], message: Uint8Array): Promise<void>;
  close(): void;
}

export const outsider = 'sender@elsewhere.test';

/** Connects to the server; over TLS, verified, where passwords are sent. */
export async function openSender(
  server: ServerProcess,
  way: Way,
  account?: TestAccount,
): Promise<MailSender> {
  const connection = new SmtpConnection({
    host: 'localhost',
    port: server.ports[way],
    secure: way === 'submissions',
    requireTLS: way === 'submission',
    ignoreTLS: way === 'lmtp' || way === 'smtp',
    tls: { ca: await readFile(server.caFile) },
    lmtp: way === 'lmtp',
    name: `client.${testDomain}`,
  });
  await new Promise<void>((resolve, reject) => {
    connection.once('error', reject);
    connection.connect((cause) => (cause ? reject(cause) : resolve()));
  });
  if (account !== undefined)
    await new Promise<void>((resolve, reject) => {
      const credentials = { user: account.address, pass: account.password };
      connection.login({ user: credentials.user, credentials }, (cause) =>
        cause ? reject(cause) : resolve(),
      );
    });
  const from = account?.address ?? outsider;
  return {
    send: (recipients, message) =>
      new Promise((resolve, reject) => {
        connection.send({ from, to: [...recipients] }, Buffer.from(message), (cause, info) => {
          if (cause) reject(cause);
          else if (info.rejected.length > 0) reject(info.rejectedErrors?.[0] ?? new Error('refused'));
          else resolve();
        });
      }),
    close: () => connection.quit(),
  };
}
