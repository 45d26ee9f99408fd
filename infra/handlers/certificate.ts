import { createPrivateKey, randomBytes } from 'node:crypto';
import { ACMClient, DescribeCertificateCommand, ExportCertificateCommand } from '@aws-sdk/client-acm';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';

export interface CertificateClients {
  readonly acm: Pick<ACMClient, 'send'>;
  readonly secrets: Pick<SecretsManagerClient, 'send'>;
}

export type Brought = 'brought' | 'unchanged' | 'notIssued';

/** ACM renews two months before the end, or a month and a half. */
const renewedBefore = 20 * 24 * 3600_000;

/**
 * Brings the certificate that ACM issued or renewed into the secret that the tasks read: `{"cert", "key", "serial"}`. A certificate
 * that is there already is left alone, since each export of it would make the tasks load it again. Throws where a person is needed: the function's
 * errors are an alarm.
 */
export async function bringCertificate(
  { acm, secrets }: CertificateClients,
  certificateArn: string,
  secretArn: string,
  now = Date.now(),
): Promise<Brought> {
  const described = await acm.send(new DescribeCertificateCommand({ CertificateArn: certificateArn }));
  const { Status: status, Serial: serial, NotAfter: notAfter } = described.Certificate ?? {};
  if (status === 'PENDING_VALIDATION') return 'notIssued';
  if (status !== 'ISSUED' || serial === undefined) throw new Error(`the certificate is ${status}`);
  if ((await serialOf(secrets, secretArn)) === serial) {
    // ACM tells nobody here that it cannot renew one: it goes on calling it issued.
    if (notAfter !== undefined && notAfter.getTime() - now < renewedBefore)
      throw new Error(`the certificate expires on ${notAfter.toISOString()}, and ACM has not renewed it`);
    return 'unchanged';
  }

  const passphrase = randomBytes(24).toString('base64url');
  const exported = await acm.send(
    new ExportCertificateCommand({ CertificateArn: certificateArn, Passphrase: Buffer.from(passphrase) }),
  );
  const { Certificate: leaf, CertificateChain: chain, PrivateKey: sealed } = exported;
  if (leaf === undefined || sealed === undefined)
    throw new Error('ACM exported a certificate without its key');
  const key = createPrivateKey({ key: sealed, passphrase }).export({ type: 'pkcs8', format: 'pem' });
  const cert = [leaf, chain ?? ''].map((pem) => pem.trim()).join('\n');
  await secrets.send(
    new PutSecretValueCommand({ SecretId: secretArn, SecretString: JSON.stringify({ cert, key, serial }) }),
  );
  return 'brought';
}

async function serialOf(secrets: CertificateClients['secrets'], secretArn: string): Promise<unknown> {
  try {
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
    const value: unknown = JSON.parse(SecretString ?? 'null');
    return typeof value === 'object' && value !== null && 'serial' in value ? value.serial : undefined;
  } catch (cause) {
    // A secret that was never written to, or that CloudFormation filled with a password of its own.
    if (cause instanceof ResourceNotFoundException || cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

export async function handler(): Promise<void> {
  const { RESTANTE_CERTIFICATE_ARN: certificate, RESTANTE_TLS_SECRET: secret } = process.env;
  if (!certificate || !secret) throw new Error('RESTANTE_CERTIFICATE_ARN and RESTANTE_TLS_SECRET are needed');
  const clients = { acm: new ACMClient(), secrets: new SecretsManagerClient() };
  const outcome = await bringCertificate(clients, certificate, secret);
  process.stdout.write(`${JSON.stringify({ event: 'certificate', outcome })}\n`);
}
