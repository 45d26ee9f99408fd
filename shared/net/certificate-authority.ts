import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Entropy, systemEntropy } from '../ids.ts';
import type { Log } from '../telemetry/log.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { issueCertificate } from './certificate.ts';
import { printAddress } from './networks.ts';

/**
 * A certificate authority of this machine's own, so that clients can be told to trust one file and TLS is real from the first start.
 * Its key stays in the data folder; who holds it can pose as any server towards those that trust it.
 */
export interface LocalCertificateOptions {
  /** `ca.crt`, `ca.key`, `server.crt` and `server.key` are in it; made where it is missing. */
  readonly folder: string;
  /** DNS names and IP addresses of the server; `localNames()` unless given. */
  readonly names?: readonly string[];
  readonly entropy?: Entropy;
  readonly log: Log;
}

export interface LocalCertificate {
  /** For clients to import. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const day = 24 * 3600 * 1000;
const authorityName = 'Restante local CA';
const authorityDays = 3652;
/** What the strictest client platforms accept of a server's certificate. */
const serverDays = 397;
const renewDays = 30;

interface Pair {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

/** localhost, its addresses, and the machine's name where that is a host name. */
export function localNames(machine: string = hostname()): readonly string[] {
  const name = machine.toLowerCase().replace(/\.$/, '');
  const usable =
    /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(name);
  return [...new Set(['localhost', '127.0.0.1', '::1', ...(usable ? [name] : [])])];
}

/** A file's bytes, none where it is missing. One that may not be read is the administrator's to settle, not ours to replace. */
function readIfThere(file: string): Promise<Uint8Array | undefined> {
  return readFile(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw cause;
  });
}

/** Undefined where the bytes are missing or broken. */
function parsed<T>(bytes: Uint8Array | undefined, parse: (bytes: Buffer) => T): T | undefined {
  try {
    return bytes && parse(Buffer.from(bytes));
  } catch {
    return undefined;
  }
}

const readCertificate = async (file: string) =>
  parsed(await readIfThere(file), (bytes) => new X509Certificate(bytes));

/** The certificate and its key, or undefined where one is missing, broken or belongs to another. */
async function readPair(certFile: string, keyFile: string): Promise<Pair | undefined> {
  const certificate = await readCertificate(certFile);
  const key = parsed(await readIfThere(keyFile), createPrivateKey);
  return certificate && key && certificate.checkPrivateKey(key) ? { certificate, key } : undefined;
}

function namesOf(certificate: X509Certificate): readonly string[] {
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return names.map((name) => printAddress(name.replace(/^(DNS|IP Address):/, '')));
}

const sameNames = (a: readonly string[], b: readonly string[]) =>
  [...a].sort().join() === [...b].sort().join();

function lasts(certificate: X509Certificate, now: number): boolean {
  return Date.parse(certificate.validFrom) <= now && Date.parse(certificate.validTo) > now + renewDays * day;
}

async function makePair(
  entropy: Entropy,
  issuer: Pair | undefined,
  names: readonly string[],
): Promise<Pair & { readonly pem: string }> {
  const { publicKey, privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const now = entropy.now();
  const serial = entropy.bytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40; // positive, and of full length
  const wanted = now + (issuer ? serverDays : authorityDays) * day;
  const last = issuer ? Math.min(wanted, Date.parse(issuer.certificate.validTo)) : wanted;
  const pem = issueCertificate({
    subject: issuer ? (names[0] ?? 'localhost') : authorityName,
    issuer: authorityName,
    publicKey,
    signingKey: issuer?.key ?? privateKey,
    serial,
    notBefore: new Date(now - 3600 * 1000), // for clients whose clock is behind
    notAfter: new Date(last),
    use: issuer ? { kind: 'server', names } : { kind: 'authority' },
  });
  return { certificate: new X509Certificate(pem), key: privateKey, pem };
}

/** The key first: a crash between the two leaves a pair that does not fit, which is made anew at the next start. */
async function writePair(
  made: Pair & { readonly pem: string },
  certFile: string,
  keyFile: string,
): Promise<void> {
  await writeFileAtomic(keyFile, made.key.export({ type: 'pkcs8', format: 'pem' }), 0o600);
  await writeFileAtomic(certFile, made.pem, 0o644);
}

/**
 * Sees to it that there are a local authority and a server certificate that names `names` and lasts 30 days yet; makes what is missing and keeps
 * what is good. A `ca.key` that was taken away is no error while the server's certificate lasts. Throws where files cannot be written.
 */
export async function ensureLocalCertificate(options: LocalCertificateOptions): Promise<LocalCertificate> {
  const { folder, names = localNames(), entropy = systemEntropy, log } = options;
  const at = (file: string) => join(folder, file);
  const files = { caFile: at('ca.crt'), certFile: at('server.crt'), keyFile: at('server.key') };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const now = entropy.now();

  const server = await readPair(files.certFile, files.keyFile);
  const root = await readCertificate(files.caFile);
  if (
    server &&
    root &&
    lasts(root, now) &&
    lasts(server.certificate, now) &&
    server.certificate.checkIssued(root) &&
    server.certificate.verify(root.publicKey) &&
    sameNames(names.map(printAddress), namesOf(server.certificate))
  )
    return files;

  let authority = await readPair(files.caFile, at('ca.key'));
  if (authority === undefined || !lasts(authority.certificate, now)) {
    const made = await makePair(entropy, undefined, []);
    await writePair(made, files.caFile, at('ca.key'));
    authority = made;
  }
  const made = await makePair(entropy, authority, names);
  await writePair(made, files.certFile, files.keyFile);
  log.info({ event: 'tls.issued', names, notAfter: new Date(made.certificate.validTo).toISOString() });
  return files;
}

/** Renews in a server that runs for months: looks twice a day. The returned function ends it. */
export function keepLocalCertificate(options: LocalCertificateOptions, everyMs = day / 2): () => void {
  const look = () =>
    ensureLocalCertificate(options).catch((cause) =>
      options.log.error({ event: 'tls.reloadFailed', certFile: join(options.folder, 'server.crt') }, cause),
    );
  const timer = setInterval(look, everyMs).unref();
  return () => clearInterval(timer);
}
