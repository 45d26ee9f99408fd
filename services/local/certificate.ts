import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ensureLocalCertificate,
  keepLocalCertificate,
  localNames,
} from '../../shared/net/certificate-authority.ts';
import { openTlsContext, type TlsContext } from '../../shared/net/tls-context.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import { systemTimers } from '../maintenance/timers.ts';
import { openChallengeServer } from './acme/challenge-server.ts';
import { keepAcmeCertificate } from './acme/keep.ts';
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

type Kept = CertificateFiles & { close(): void };

/** A certificate that comes from elsewhere, kept in files beneath `folder`; undefined where it is this machine's own. */
async function keepBrought(
  { tls, host }: Pick<ServeConfig, 'tls' | 'host'>,
  folder: string,
  own: CertificateFiles,
  readSecret: CommandContext['readSecret'],
  log: Log,
): Promise<Result<Kept | undefined, string>> {
  if (tls.kind === 'secret')
    try {
      return ok(await keepSecretCertificate(await readSecret(tls.id), join(folder, 'secret'), own, log));
    } catch (cause) {
      return err(`cannot read the certificate in the secret ${tls.id}: ${describeCause(cause)}`);
    }
  if (tls.kind !== 'acme') return ok(undefined);
  const challenges = await openChallengeServer(host, tls.port);
  if (!challenges.ok) return challenges;
  const { show, close } = challenges.value;
  try {
    const kept = await keepAcmeCertificate({
      ...{ ...tls, own, show, log, timers: systemTimers },
      folder: join(folder, 'acme'),
    });
    return ok({
      ...kept,
      close() {
        kept.close();
        close();
      },
    });
  } catch (cause) {
    close();
    throw cause;
  }
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
    const brought = await keepBrought(config, options.folder, files, readSecret, log);
    if (!brought.ok) return failed(brought.error);
    const kept = brought.value;
    const opened = await openTlsContext({ ...(kept ?? files), log });
    if (!opened.ok) {
      kept?.close();
      return failed(opened.error);
    }
    const context = opened.value;
    const endRenewal = keepLocalCertificate(options);
    return ok({
      context,
      files: kept ?? files,
      caFile: files.caFile,
      authority: () => readFile(files.caFile),
      close() {
        kept?.close();
        endRenewal();
        context.close();
      },
    });
  } catch (cause) {
    return failed(`cannot make a certificate in ${options.folder}: ${describeCause(cause)}`);
  }
}
