import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import fs, { chmod, copyFile, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { systemEntropy } from '../../shared/ids.ts';
import { ensureLocalCertificate } from '../../shared/net/certificate-authority.ts';
import { openTlsContext } from '../../shared/net/tls-context.ts';
import { memoryLog, silentLog } from '../../shared/telemetry/log.ts';
import { FakeTimers } from '../support/fake-timers.ts';
import { listening, temporaryFolder, until } from './harness.ts';

const minute = 60_000;

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

/** The process reads like somebody who is not root: a file that its owner may not read is refused. */
function unprivileged(t: TestContext) {
  const { readFile } = fs;
  const reads = t.mock.method(fs, 'readFile', async (path: string) => {
    if ((statSync(path).mode & 0o400) === 0) throw new Error('EACCES');
    return readFile(path);
  });
  syncBuiltinESMExports();
  t.after(() => {
    reads.mock.restore();
    syncBuiltinESMExports();
  });
  return reads.mock;
}

test('files of which nothing but the rights have changed are read again', async (t) => {
  const timers = FakeTimers.install(t);
  const { files, renew, log } = await context(t, 1);
  const last = () => log.events.at(-1)?.event.event;
  await renew();
  unprivileged(t);
  await chmod(files.keyFile, 0);
  await timers.pass(1);
  await until(() => last() === 'tls.reloadFailed');
  // Again and again: the clock of a file system may stand still for some milliseconds.
  for (let i = 0; i < 500 && last() !== 'tls.reloaded'; i++) {
    await chmod(files.keyFile, 0o600);
    await timers.pass(1);
  }
  assert.equal(last(), 'tls.reloaded');
});

test('files that cannot be read are tried again every five minutes without a change, and told of once', async (t) => {
  const timers = FakeTimers.install(t);
  const { tls, files, renew, log } = await context(t, 5000);
  const before = tls.certificate.fingerprint256;
  await renew();
  await chmod(files.keyFile, 0);
  const reads = unprivileged(t);
  await timers.pass(5000);
  // Certificate and key, each time.
  for (const calls of [2, 4, 6]) {
    await until(() => reads.callCount() >= calls);
    await timers.pass(4 * minute);
    assert.equal(reads.callCount(), calls);
    await timers.pass(minute);
  }
  assert.equal(tls.certificate.fingerprint256, before);
  assert.deepEqual(
    log.events.map(({ event }) => event.event),
    ['tls.reloadFailed'],
  );
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
