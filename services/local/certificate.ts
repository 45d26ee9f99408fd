import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ensureLocalCertificate,
  keepLocalCertificate,
  localNames,
} from '../../shared/net/certificate-authority.ts';
import { openTlsContext, type TlsContext } from '../../shared/net/tls-context.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { ServeConfig } from './config.ts';
import { type CommandContext, type CommandError, failed, wrongUsage } from './context.ts';
import { describeCause } from './describe-mail-error.ts';
import { type CertificateFiles, keepSecretCertificate } from './secret-certificate.ts';

export interface Certificate {
  readonly context: TlsContext;
  /** Where it is; they change when it is renewed. */
  readonly files: CertificateFiles;
  /** The local authority's certificate, for clients to import; undefined where the operator brought a certificate. */
  readonly caFile: string | undefined;
  /** The same, as it is now. */
  readonly authority: (() => Promise<Uint8Array>) | undefined;
  close(): void;
}

const wildcards = new Set(['0.0.0.0', '::']);

/** The operator's certificate, or one of this machine's own authority, which is made where it is missing and renewed in time. */
export async function openCertificate(
  config: Pick<ServeConfig, 'tls' | 'dataFolder' | 'host'>,
  readSecret: CommandContext['readSecret'],
  log: Log,
): Promise<Result<Certificate, CommandError>> {
  if (config.tls.kind === 'files') {
    const opened = await openTlsContext({ ...config.tls, log });
    if (!opened.ok) return wrongUsage(opened.error);
    const context = opened.value;
    return ok({
      context,
      files: config.tls,
      caFile: undefined,
      authority: undefined,
      close: () => context.close(),
    });
  }
  const names = wildcards.has(config.host) ? localNames() : [...new Set([...localNames(), config.host])];
  const options = { folder: join(config.dataFolder, 'tls'), names, log };
  try {
    const files = await ensureLocalCertificate(options);
    const secret =
      config.tls.kind === 'secret'
        ? await keepSecretCertificate(
            await readSecret(config.tls.id),
            join(options.folder, 'secret'),
            files,
            log,
          )
        : undefined;
    const opened = await openTlsContext({ ...(secret ?? files), log });
    if (!opened.ok) return failed(opened.error);
    const context = opened.value;
    const endRenewal = keepLocalCertificate(options);
    return ok({
      context,
      files: secret ?? files,
      caFile: files.caFile,
      authority: () => readFile(files.caFile),
      close() {
        secret?.close();
        endRenewal();
        context.close();
      },
    });
  } catch (cause) {
    return failed(`cannot make a certificate in ${options.folder}: ${describeCause(cause)}`);
  }
}
