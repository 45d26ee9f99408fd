import { constants, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import { err, ok, type Result } from '../result.ts';
import type { Log } from '../telemetry/log.ts';

export interface TlsContextOptions {
  /** PEM, the server's certificate first, then what leads to its authority. */
  readonly certFile: string;
  /** PEM, without a passphrase. */
  readonly keyFile: string;
  readonly log: Log;
  /** How often the files are looked at; 5 s unless given. */
  readonly pollMs?: number;
}

/** The certificate in use, reloaded while running. Connections take the context of the moment they begin. */
export interface TlsContext {
  readonly secureContext: SecureContext;
  readonly certificate: X509Certificate;
  /** Loads the files now, as SIGHUP asks. False, and logged, where they cannot be used: the old ones go on serving. */
  reload(): Promise<boolean>;
  close(): void;
}

interface Loaded {
  readonly stamp: string;
  readonly secureContext: SecureContext;
  readonly certificate: X509Certificate;
}

/** Session tickets are sealed with a key of the context, so a context does not get old. */
const contextLifetimeMs = 24 * 3600 * 1000;

/** After which a pair that failed is tried again without a change: what is in the way is not always the files' own. */
const retryMs = 5 * 60_000;

/** With the time of the last change of rights, too. */
async function stampOf(files: readonly string[]): Promise<string> {
  const stats = await Promise.all(files.map((file) => stat(file, { bigint: true })));
  return stats.map((s) => `${s.ino}:${s.size}:${s.mtimeNs}:${s.ctimeNs}`).join(' ');
}

/** A server context: TLS 1.2 and later (RFC 8314 §3), no renegotiation, tickets for two hours. Throws on an unusable pair. */
export function serverContext(cert: Uint8Array | string, key: Uint8Array | string): SecureContext {
  const certificate = Buffer.from(cert);
  return createSecureContext({
    cert: certificate,
    key: Buffer.from(key),
    minVersion: 'TLSv1.2',
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    sessionIdContext: 'restante',
    sessionTimeout: 2 * 3600,
  });
}

async function load(certFile: string, keyFile: string): Promise<Loaded> {
  const stamp = await stampOf([certFile, keyFile]);
  const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
  return { stamp, secureContext: serverContext(cert, key), certificate: new X509Certificate(cert) };
}

const namesOf = (certificate: X509Certificate) => certificate.subjectAltName?.split(', ') ?? [];
const expiryOf = (certificate: X509Certificate) => new Date(certificate.validTo).toISOString();

/**
 * Loads a certificate and its key and watches them. By looking rather than by file events, which miss changes behind symbolic links and
 * on network file systems. The error is one line that names what is wrong.
 */
export async function openTlsContext(options: TlsContextOptions): Promise<Result<TlsContext, string>> {
  const { certFile, keyFile, log } = options;
  let loaded: Loaded;
  try {
    loaded = await load(certFile, keyFile);
  } catch (cause) {
    return err(
      `cannot use certificate ${certFile} with key ${keyFile}: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
  let loadedAt = Date.now();
  let failed: { readonly stamp: string; readonly at: number } | undefined;
  let running: Promise<boolean> | undefined;

  const reloadOnce = async (told: boolean): Promise<boolean> => {
    try {
      const before = loaded.stamp;
      loaded = await load(certFile, keyFile);
      loadedAt = Date.now();
      failed = undefined;
      const { certificate } = loaded;
      if (before !== loaded.stamp)
        log.info({ event: 'tls.reloaded', names: namesOf(certificate), notAfter: expiryOf(certificate) });
      return true;
    } catch (cause) {
      if (!told) log.error({ event: 'tls.reloadFailed', certFile }, cause);
      return false;
    }
  };
  const reload = (told = false) => {
    running ??= reloadOnce(told).finally(() => {
      running = undefined;
    });
    return running;
  };
  /** A pair that failed is logged again only when a file has changed, and seldom tried until then: perhaps only one is replaced so far. */
  const look = async () => {
    const stamp = await stampOf([certFile, keyFile]).catch(() => 'missing');
    const due = Date.now() - loadedAt >= contextLifetimeMs;
    const known = stamp === failed?.stamp ? failed : undefined;
    if ((stamp === loaded.stamp && !due) || (known && Date.now() - known.at < retryMs)) return;
    if (!(await reload(known !== undefined))) failed = { stamp, at: Date.now() };
  };
  const timer = setInterval(() => void look(), options.pollMs ?? 5000).unref();

  return ok({
    get secureContext() {
      return loaded.secureContext;
    },
    get certificate() {
      return loaded.certificate;
    },
    reload: () => reload(),
    close: () => clearInterval(timer),
  });
}
