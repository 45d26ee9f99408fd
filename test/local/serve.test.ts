import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import SmtpConnection from 'nodemailer/lib/smtp-connection';
import { openEmbeddedStore } from '../../shared/adapters/embedded/store.ts';
import { systemEntropy } from '../../shared/ids.ts';
import { ensureLocalCertificate } from '../../shared/net/certificate-authority.ts';
import { silentLog } from '../../shared/telemetry/log.ts';
import { makeOlder } from '../support/older-folder.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { serveProgram } from './serve-program.ts';

test('SIGHUP takes the certificate that is there now into use, and SIGTERM ends the process cleanly', async () => {
  const server = await serveProgram(['--imaps', '0', '--no-demo']);
  await ensureLocalCertificate({
    folder: join(server.folder, 'tls'),
    names: ['localhost', 'renewed.example.test'],
    entropy: systemEntropy,
    log: silentLog,
  });
  server.signal('SIGHUP');
  const { names } = await server.logged('tls.reloaded');
  assert.ok((names as string[]).includes('DNS:renewed.example.test'), String(names));
  server.signal('SIGTERM');
  assert.deepEqual(await server.ended, { code: 0, said: '' });
  assert.ok(await server.logged('process.stopped'));
});

test('a second SIGINT ends the process at once, also while clients are waited for', async () => {
  const server = await serveProgram(['--imap', '0', '--no-demo']);
  const { port } = await server.logged('listener.up');
  // Never closes its side, so that the server waits for it.
  const socket = createConnection({ port: port as number, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => {});
  await once(socket, 'data');
  server.signal('SIGINT');
  await server.logged('process.draining');
  server.signal('SIGINT');
  assert.equal((await server.ended).code, 1);
  socket.destroy();
});

test('where the store cannot be written any more, the process says so and exits with 1', async () => {
  // In blocks of 512 or 1,024 octets: what the database and its log may grow to.
  const server = await serveProgram(['--lmtp', '0'], { limits: 'ulimit -f 2500' });
  const { port } = await server.logged('listener.up');
  const client = new SmtpConnection({ host: '127.0.0.1', port: port as number, lmtp: true, ignoreTLS: true });
  client.on('error', () => {});
  await new Promise<void>((resolve) => client.connect(() => resolve()));
  const message = Buffer.from(`Subject: large\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(1200)}`);
  const envelope = { from: 'a@example.org', to: ['alice@example.test'] };
  for (let accepted = true, i = 0; accepted && i < 50; i++)
    accepted = await new Promise((resolve) => client.send(envelope, message, (cause) => resolve(!cause)));
  const { code, said } = await server.ended;
  client.close();
  assert.equal(code, 1);
  assert.match(said, /^restante: the store has failed: disk I\/O error$/m);
  assert.equal((await server.logged('store.fault')).operation, 'write');
});

test('the server upgrades the folder of an older release, which commands refuse', async () => {
  const folder = temporaryFolder();
  await (await openEmbeddedStore({ folder })).close();
  makeOlder(folder);
  const { code, stderr } = await runCommand(folder, ['domain', 'list']);
  assert.equal(code, 1);
  assert.match(stderr, /schema version 3, of an older release: start the server of this release on it once/);
  const server = await serveProgram(['--imap', '0', '--no-demo'], { folder });
  server.signal('SIGTERM');
  assert.equal((await server.ended).code, 0);
  assert.equal((await runCommand(folder, ['domain', 'list'])).code, 0);
});
