import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../shared/net/atomic-file.ts';
import { serverContext } from '../../shared/net/tls-context.ts';
import type { Log } from '../../shared/telemetry/log.ts';

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** How often the secret is looked at, ms: a renewed certificate has weeks yet when it comes. */
const every = 5 * 60_000;

/**
 * Keeps the certificate of a secret (`{"cert": PEM, "key": PEM}`) in files, where the server reads it again whenever it changes. Until the first
 * one is there, the files hold the machine's own. What cannot be used is logged, and the old one goes on serving. Resolves to the files, and to a
 * function that ends it. Rejects where the secret cannot be read at the start: clients that know the certificate would be shown another.
 */
export async function keepSecretCertificate(
  read: () => Promise<string | undefined>,
  folder: string,
  own: CertificateFiles,
  log: Log,
): Promise<CertificateFiles & { close(): void }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = { certFile: join(folder, 'server.crt'), keyFile: join(folder, 'server.key') };
  await copyFile(own.certFile, files.certFile);
  await copyFile(own.keyFile, files.keyFile);

  const failed = (cause: unknown): void =>
    log.error({ event: 'tls.reloadFailed', certFile: 'secret' }, cause);
  const take = async (text: string | undefined): Promise<void> => {
    try {
      const pair = parsePair(text);
      if (pair === undefined || pair.cert === (await readFile(files.certFile, 'utf8'))) return;
      // Throws on a pair that does not fit, before anything of it is used.
      serverContext(pair.cert, pair.key);
      await writeFileAtomic(files.keyFile, pair.key, 0o600);
      await writeFileAtomic(files.certFile, pair.cert, 0o644);
    } catch (cause) {
      failed(cause);
    }
  };
  await take(await read());
  const timer = setInterval(() => void read().then(take, failed), every).unref();
  return { ...files, close: () => clearInterval(timer) };
}

/** Undefined where the secret holds no certificate yet: what CloudFormation made up, or nothing. */
function parsePair(text: string | undefined): { readonly cert: string; readonly key: string } | undefined {
  try {
    const { cert, key } = JSON.parse(text ?? 'null') ?? {};
    return typeof cert === 'string' && typeof key === 'string' ? { cert, key } : undefined;
  } catch {
    return undefined;
  }
}
