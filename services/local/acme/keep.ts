import { createPrivateKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../../shared/net/atomic-file.ts';
import { serverContext } from '../../../shared/net/tls-context.ts';
import type { Log } from '../../../shared/telemetry/log.ts';
import type { Timers } from '../../maintenance/timers.ts';
import type { CertificateFiles } from '../secret-certificate.ts';
import { orderCertificate, type ShowToken } from './order.ts';
import { AcmeConnection, AcmeProblem } from './protocol.ts';

/** What the operator asks of which authority. */
export interface AcmeChoice {
  /** A-labels, the first one first; one certificate names them all. */
  readonly domains: readonly string[];
  readonly email: string | undefined;
  /** URL of the authority's directory. */
  readonly directory: string;
  /** Where http-01 is answered; authorities come to 80. */
  readonly port: number;
}

export interface AcmeOptions extends Omit<AcmeChoice, 'port'> {
  /** Private: account key, certificate and its key. */
  readonly folder: string;
  /** Served until the first one is there. */
  readonly own: CertificateFiles;
  readonly show: ShowToken;
  readonly timers: Timers;
  readonly log: Log;
}

export interface AcmeCertificate extends CertificateFiles {
  /** Resolves when no order is under way. */
  idle(): Promise<void>;
  close(): void;
}

const minute = 60_000;
/** At most so long from one look to the next, ms: a clock may jump, and a timer holds no more than 24 days. */
const longestRest = 12 * 60 * minute;
/**
 * After a failure, ms; doubled by each that follows, up to a day. Let's Encrypt permits five failures an hour for a name: these are three, and
 * remembered over restarts.
 */
const firstPause = 15 * minute;
const longestPause = 24 * 60 * minute;

/** After a success, ms, whatever the certificate and the clock say of each other: Let's Encrypt permits five a week for the same names. */
const leastApart = 2 * longestPause;

const attemptsShape = z.object({
  v: z.literal(1),
  names: z.array(z.string()),
  failures: z.int(),
  /** Nothing is ordered before, ms since 1970. */
  notBefore: z.number(),
});

/**
 * Keeps a certificate of an ACME authority (RFC 8555) in files, where the server reads it again whenever it changes: ordered where there is none for
 * these names, and anew when a third of its life is left. A failure is logged and tried again later; what is there goes on serving.
 */
export async function keepAcmeCertificate(options: AcmeOptions): Promise<AcmeCertificate> {
  const { folder, own, timers, log, domains } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const at = (name: string) => join(folder, name);
  const files = { certFile: at('server.crt'), keyFile: at('server.key') };
  if ((await usable(files, timers.now())) === undefined) {
    await copyFile(own.keyFile, files.keyFile);
    await copyFile(own.certFile, files.certFile);
  }
  const accountKey = await keptKey(at('account.key'));
  const stop = new AbortController();
  let cancel = () => {};
  let running: Promise<void> = Promise.resolve();

  /** When the next order is due by the certificate, ms since 1970. */
  const dueAt = async (): Promise<number> => {
    const certificate = await usable(files, timers.now());
    if (certificate === undefined || !covers(certificate, domains)) return 0;
    const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
    return to - (to - from) / 3;
  };
  const order = async (): Promise<void> => {
    const attempts = await readAttempts(at('attempts.json'), domains);
    const write = (failures: number, notBefore: number) =>
      writeFileAtomic(
        at('attempts.json'),
        JSON.stringify({ v: 1, names: domains, failures, notBefore }),
        0o600,
      );
    const pause = Math.min(firstPause * 2 ** Math.min(attempts.failures, 10), longestPause);
    // Before the attempt: one that is cut short counts, or a server that is started again and again would ask each time.
    await write(attempts.failures + 1, timers.now() + pause);
    try {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const connection = new AcmeConnection(options.directory, accountKey, stop.signal);
      const pem = await orderCertificate(connection, {
        ...{ names: domains, email: options.email, accountKey, key: privateKey },
        show: options.show,
      });
      const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
      // Throws on a pair that does not fit, before anything of it is used.
      serverContext(pem, key);
      await writeFileAtomic(files.keyFile, key, 0o600);
      await writeFileAtomic(files.certFile, pem, 0o644);
      await write(0, timers.now() + leastApart);
      const notAfter = new Date(new X509Certificate(pem).validTo).toISOString();
      log.info({ event: 'tls.issued', names: domains, notAfter });
    } catch (cause) {
      if (stop.signal.aborted) return;
      const wanted = cause instanceof AcmeProblem ? cause.retryAfter : 0;
      const againInMs = Math.max(pause, Math.min(wanted, 7 * longestPause));
      await write(attempts.failures + 1, timers.now() + againInMs);
      log.error({ event: 'tls.acmeFailed', names: domains, againInMs }, cause);
    }
  };
  const nextAt = async () =>
    Math.max(await dueAt(), (await readAttempts(at('attempts.json'), domains)).notBefore);
  const look = async (): Promise<void> => {
    let rest = firstPause;
    try {
      if ((await nextAt()) <= timers.now()) await order();
      rest = Math.min(Math.max((await nextAt()) - timers.now(), minute), longestRest);
    } catch (cause) {
      log.error({ event: 'tls.acmeFailed', names: domains, againInMs: rest }, cause);
    }
    if (!stop.signal.aborted) cancel = timers.after(rest, begin);
  };
  const begin = () => {
    running = look();
  };
  begin();
  return {
    ...files,
    idle: () => running,
    close() {
      stop.abort();
      cancel();
    },
  };
}

/** The certificate, where it fits its key and has not run out. */
async function usable(
  { certFile, keyFile }: CertificateFiles,
  now: number,
): Promise<X509Certificate | undefined> {
  try {
    const certificate = new X509Certificate(await readFile(certFile));
    const fits = certificate.checkPrivateKey(createPrivateKey(await readFile(keyFile)));
    return fits && Date.parse(certificate.validTo) > now ? certificate : undefined;
  } catch {
    return undefined;
  }
}

/** Exactly these names: what was taken out of the list is not asked for again. */
function covers({ subjectAltName = '' }: X509Certificate, domains: readonly string[]): boolean {
  const names = subjectAltName.split(', ').map((name) => name.replace(/^DNS:/, ''));
  return names.length === domains.length && domains.every((name) => names.includes(name));
}

async function keptKey(file: string): Promise<KeyObject> {
  try {
    return createPrivateKey(await readFile(file));
  } catch (cause) {
    // One that is there and cannot be read is the operator's to look at: it is the account with the authority.
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  }
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFileAtomic(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  return privateKey;
}

/** None, where there were none for these names: an operator who mends them need not wait. The same where the file is damaged. */
async function readAttempts(
  file: string,
  names: readonly string[],
): Promise<Pick<z.infer<typeof attemptsShape>, 'failures' | 'notBefore'>> {
  const none = { failures: 0, notBefore: 0 };
  try {
    const read = attemptsShape.parse(JSON.parse(await readFile(file, 'utf8')));
    return read.names.join() === names.join() ? read : none;
  } catch {
    return none;
  }
}
