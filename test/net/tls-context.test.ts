import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { systemEntropy } from '../../shared/ids.ts';
import { ensureLocalCertificate } from '../../shared/net/certificate-authority.ts';
import { openTlsContext } from '../../shared/net/tls-context.ts';
import { memoryLog, silentLog } from '../../shared/telemetry/log.ts';
import { listening, temporaryFolder, until } from './harness.ts';

async function context(t: Parameters<typeof temporaryFolder>[0], pollMs = 60_000) {
  const folder = await temporaryFolder(t);
  const files = await ensureLocalCertificate({ folder, log: silentLog });
  const log = memoryLog();
  const opened = await openTlsContext({ ...files, log, pollMs });
  assert.ok(opened.ok);
  t.after(() => opened.value.close());
  const renew = () =>
    ensureLocalCertificate({
      folder,
      log: silentLog,
      names: ['localhost', 'renewed.example.test'],
      entropy: systemEntropy,
    });
  return { folder, files, log, tls: opened.value, renew };
}

test('a reload serves the new certificate to the next connection', async (t) => {
  const { tls, renew, log } = await context(t);
  const { listener } = await listening(t, {
    implicitTls: { context: tls, alpn: ['imap'], handshakeTimeoutMs: 60_000 },
  });
  const served = async () => {
    const socket = tlsConnect({ port: listener.port, host: '127.0.0.1', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerX509Certificate() ?? {};
    socket.destroy();
    return fingerprint256;
  };
  const before = await served();
  assert.equal(before, tls.certificate.fingerprint256);
  await renew();
  assert.equal(await tls.reload(), true);
  assert.notEqual(tls.certificate.fingerprint256, before);
  assert.equal(await served(), tls.certificate.fingerprint256);
  assert.deepEqual(
    log.events.map(({ event }) => event.event),
    ['tls.reloaded'],
  );
});

test('changed files are noticed without being asked', async (t) => {
  const { tls, renew } = await context(t, 1);
  const before = tls.certificate.fingerprint256;
  await renew();
  await until(() => tls.certificate.fingerprint256 !== before);
});

test('files that cannot be used are logged once, and the old certificate goes on', async (t) => {
  const { tls, folder, files, log } = await context(t, 1);
  const before = tls.secureContext;
  await copyFile(join(folder, 'ca.key'), files.keyFile);
  await until(() => log.events.length > 0);
  assert.equal(log.events[0]?.event.event, 'tls.reloadFailed');
  assert.equal(tls.secureContext, before);
  assert.equal(await tls.reload(), false);
  assert.equal(tls.secureContext, before);
});

test('what is wrong at the start is said in one line', async (t) => {
  const folder = await temporaryFolder(t);
  const [certFile, keyFile] = [join(folder, 'a.crt'), join(folder, 'a.key')];
  const missing = await openTlsContext({ certFile, keyFile, log: silentLog });
  assert.ok(!missing.ok && /a\.crt/.test(missing.error) && !missing.error.includes('\n'));
  await writeFile(certFile, 'x');
  await writeFile(keyFile, 'y');
  const broken = await openTlsContext({ certFile, keyFile, log: silentLog });
  assert.ok(!broken.ok && /a\.crt/.test(broken.error) && !broken.error.includes('\n'));
});
