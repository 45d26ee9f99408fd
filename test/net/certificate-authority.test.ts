import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemEntropy } from '../../shared/ids.ts';
import { ensureLocalCertificate, localNames } from '../../shared/net/certificate-authority.ts';
import { silentLog } from '../../shared/telemetry/log.ts';

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'restante-tls-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const day = 24 * 3600 * 1000;
const inDays = (days: number) => ({ ...systemEntropy, now: () => Date.now() + days * day });
const log = silentLog;

test('the first start makes an authority and a server certificate that it signed', () =>
  withFolder(async (folder) => {
    const files = await ensureLocalCertificate({ folder: join(folder, 'tls'), log });
    const ca = new X509Certificate(await readFile(files.caFile));
    const server = new X509Certificate(await readFile(files.certFile));
    assert.equal(ca.subject, 'CN=Restante local CA');
    assert.equal(ca.ca, true);
    assert.ok(ca.verify(ca.publicKey));
    assert.equal(server.ca, false);
    assert.ok(server.checkIssued(ca) && server.verify(ca.publicKey));
    assert.deepEqual(server.keyUsage, ['1.3.6.1.5.5.7.3.1']);
    for (const name of localNames().filter((n) => !/^[\d.:]+$/.test(n)))
      assert.equal(server.checkHost(name), name);
    assert.equal(server.checkIP('127.0.0.1'), '127.0.0.1');
    assert.equal(server.checkIP('::1'), '::1');
    const days = (Date.parse(server.validTo) - Date.parse(server.validFrom)) / day;
    assert.ok(days > 396 && days <= 398, `${days} days`);
    for (const key of ['ca.key', 'server.key'])
      assert.equal((await stat(join(folder, 'tls', key))).mode & 0o777, 0o600);
    assert.deepEqual((await readdir(join(folder, 'tls'))).sort(), [
      'ca.crt',
      'ca.key',
      'server.crt',
      'server.key',
    ]);
  }));

function openssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test(
  'the certificates pass the strict checks of openssl',
  { skip: !openssl() && 'openssl is not installed' },
  () =>
    withFolder(async (folder) => {
      const { caFile, certFile } = await ensureLocalCertificate({ folder, log });
      for (const name of [
        ['-verify_hostname', 'localhost'],
        ['-verify_ip', '::1'],
      ])
        execFileSync(
          'openssl',
          ['verify', '-x509_strict', '-purpose', 'sslserver', ...name, '-CAfile', caFile, certFile],
          { stdio: 'pipe' },
        );
    }),
);

test('what is good is kept at the next start', () =>
  withFolder(async (folder) => {
    const { certFile, caFile } = await ensureLocalCertificate({ folder, log });
    const before = [await readFile(certFile, 'utf8'), await readFile(caFile, 'utf8')];
    await ensureLocalCertificate({ folder, log, entropy: inDays(300) });
    assert.deepEqual([await readFile(certFile, 'utf8'), await readFile(caFile, 'utf8')], before);
  }));

const renewals: readonly [string, Partial<Parameters<typeof ensureLocalCertificate>[0]>][] = [
  ['under 30 days are left', { entropy: inDays(370) }],
  ['it has expired', { entropy: inDays(500) }],
  ['the machine has another name', { names: [...localNames(), 'mail.example.test'] }],
];
for (const [why, change] of renewals)
  test(`the server's certificate is issued anew by the same authority when ${why}`, () =>
    withFolder(async (folder) => {
      const { certFile, caFile } = await ensureLocalCertificate({ folder, log });
      const before = [await readFile(certFile, 'utf8'), await readFile(caFile, 'utf8')];
      await ensureLocalCertificate({ folder, log, ...change });
      assert.notEqual(await readFile(certFile, 'utf8'), before[0]);
      assert.equal(await readFile(caFile, 'utf8'), before[1]);
    }));

for (const file of ['server.crt', 'server.key', 'ca.crt'])
  test(`a broken ${file} is made good`, () =>
    withFolder(async (folder) => {
      await ensureLocalCertificate({ folder, log });
      await writeFile(join(folder, file), 'half a fi');
      const { certFile, caFile } = await ensureLocalCertificate({ folder, log });
      const ca = new X509Certificate(await readFile(caFile));
      assert.ok(new X509Certificate(await readFile(certFile)).verify(ca.publicKey));
    }));

test("an authority's key that was taken away is no trouble while the certificate lasts", () =>
  withFolder(async (folder) => {
    const { certFile } = await ensureLocalCertificate({ folder, log });
    const before = await readFile(certFile, 'utf8');
    await rm(join(folder, 'ca.key'));
    await ensureLocalCertificate({ folder, log });
    assert.equal(await readFile(certFile, 'utf8'), before);
  }));

test('a machine name that is no host name is left out', () => {
  assert.deepEqual(localNames('My_Machine'), ['localhost', '127.0.0.1', '::1']);
  assert.deepEqual(localNames('Mail.Example.Test.'), ['localhost', '127.0.0.1', '::1', 'mail.example.test']);
});
