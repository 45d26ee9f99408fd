import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createTransport } from 'nodemailer';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import {
  type SubmissionParts,
  type SubmissionServer,
  startSubmission,
} from '../../services/submission/server.ts';
import { OpenCounts } from '../../shared/net/limits.ts';
import { noNetworks } from '../../shared/net/networks.ts';
import type { Address } from '../../shared/ports/directory.ts';
import { err } from '../../shared/result.ts';
import { silentLog } from '../../shared/telemetry/log.ts';
import { createMetrics } from '../../shared/telemetry/metrics.ts';
import { type Town, town } from '../inbound/harness.ts';
import { tlsSettings } from '../net/harness.ts';
import { lastingSessions, signedInAs } from '../support/signed-in.ts';

export const hostname = 'mail.example.org';
export const password = 'open sesame';

export interface SubmissionWorld extends Town {
  readonly server: SubmissionServer;
  readonly startTls: number;
  readonly implicit: number;
  readonly ca: Uint8Array;
  /** A client that signs in as anna, over STARTTLS. */
  readonly client: ReturnType<typeof createTransport>;
}

export async function submissionWorld(
  t: TestContext,
  change: Partial<SubmissionParts> = {},
): Promise<SubmissionWorld> {
  const here = await town();
  const { settings, files } = await tlsSettings(t);
  const ca = await readFile(files.caFile);
  const started = await startSubmission({
    engine: here.local.engine,
    directory: here.people,
    authenticator: {
      async signIn(attempt) {
        const account = here.people.accounts.get(attempt.address as Address);
        return account && attempt.password === password ? signedInAs(account) : err({ kind: 'invalid' });
      },
    },
    sessions: lastingSessions(),
    tls: settings.context,
    listeners: [
      { host: '127.0.0.1', port: 0, tls: 'startTls' },
      { host: '127.0.0.1', port: 0, tls: 'implicit' },
    ],
    smartHost: undefined,
    limits: { counts: new OpenCounts(100, 100), trusted: noNetworks },
    log: silentLog,
    metrics: createMetrics(),
    options: { hostname },
    ...change,
  });
  if (!started.ok) throw new Error(started.error);
  t.after(() => started.value.close(0));
  const [startTls, implicit] = started.value.listeners.map((listener) => listener.port);
  const client = createTransport({
    host: '127.0.0.1',
    port: startTls!,
    requireTLS: true,
    tls: { ca, servername: 'localhost' },
    auth: { user: 'anna@example.org', pass: password },
  });
  return { ...here, server: started.value, startTls: startTls!, implicit: implicit!, ca, client };
}

export interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly message: string;
}

/** A server that takes mail for everybody, as the next hop: what it got, and what it refuses. */
export async function nextHop(
  t: TestContext,
  refuses: {
    readonly recipient?: string;
    /** Of that recipient; 550 unless given. */
    readonly code?: number;
    readonly data?: number;
    /** More recipients of one transaction are to come again. */
    readonly beyond?: number;
  } = {},
) {
  const received: Received[] = [];
  const news = new Set<() => void>();
  const refusal = (code: number, text: string) => Object.assign(new Error(text), { responseCode: code });
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    onRcptTo({ address }, { envelope }, callback) {
      const { recipient, code = 550, beyond = Number.POSITIVE_INFINITY } = refuses;
      const isFull = envelope.rcptTo.length >= beyond;
      if (address === recipient) callback(refusal(code, 'not this one'));
      else callback(isFull ? refusal(452, '4.5.3 too many recipients') : null);
    },
    onData(stream, session: SMTPServerSession, callback) {
      const chunks: Uint8Array[] = [];
      stream.on('error', () => {});
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('end', () => {
        if (refuses.data) return callback(refusal(refuses.data, 'no'));
        const { mailFrom, rcptTo } = session.envelope;
        received.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map((recipient) => recipient.address),
          message: Buffer.concat(chunks).toString('latin1'),
        });
        for (const look of news) look();
        callback();
      });
    },
  });
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  t.after(() => {
    server.options.closeTimeout = 1;
    server.close();
  });
  const { port } = server.server.address() as AddressInfo;
  /** Resolves when so many messages have come. */
  const arrived = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (received.length < count) return;
        news.delete(look);
        resolve();
      };
      news.add(look);
      look();
    });
  return {
    received,
    arrived,
    smartHost: { host: '127.0.0.1', port, implicitTls: false, credentials: undefined },
  };
}
