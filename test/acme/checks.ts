/** The checks of run.ts, in a process that trusts Pebble. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { openChallengeServer } from '../../services/local/acme/challenge-server.ts';
import { keepAcmeCertificate } from '../../services/local/acme/keep.ts';
import { ensureLocalCertificate } from '../../shared/net/certificate-authority.ts';
import { memoryLog, silentLog } from '../../shared/telemetry/log.ts';
import { CheckList } from '../support/check-list.ts';
import { ServerProcess } from '../support/server-process.ts';
import { day, hour, testClock } from '../support/test-clock.ts';
import { type Pebble, refusedName } from './pebble.ts';

const { directory, roots, httpPort, caFile, folder }: Omit<Pebble, 'stop'> & { readonly folder: string } =
  JSON.parse(process.env.ACME_CHECKS!);
const list = new CheckList();
const root = await (await fetch(roots)).text();
const names = ['mail.example.test', 'imap.example.test'];

/** Resolves when the greeting is there. */
async function greeted(port: number, servername: string, ca: string | Buffer): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername, ca });
  await once(socket, 'data');
  return socket;
}

await list.check(
  'a server orders its certificate while it serves with its own, and changes to it',
  async () => {
    const options = [
      '--acme-domain',
      names.join(','),
      '--acme-agree',
      '--acme-email',
      'hostmaster@example.test',
    ];
    const server = await ServerProcess.start(
      [...options, '--acme-directory', directory, '--acme-port', String(httpPort)],
      undefined,
      { NODE_EXTRA_CA_CERTS: caFile },
    );
    try {
      const before = await greeted(server.ports.imaps, 'localhost', await readFile(server.caFile));
      const refused = server.logged('tls.acmeFailed').then(({ cause }) => assert.fail(JSON.stringify(cause)));
      refused.catch(() => {});
      await Promise.race([server.logged('tls.reloaded'), refused]);
      for (const name of names) (await greeted(server.ports.imaps, name, root)).destroy();
      // Who was connected before stays connected.
      before.write('a NOOP\r\n');
      assert.match(String((await once(before, 'data'))[0]), /^a OK/);
      before.destroy();
      const kept = join(server.dataFolder, 'tls', 'acme');
      assert.equal((await stat(kept)).mode & 0o777, 0o700);
      for (const file of ['account.key', 'server.key'])
        assert.equal((await stat(join(kept, file))).mode & 0o777, 0o600, file);
      assert.deepEqual(server.errors, []);
    } finally {
      await server.stop();
    }
  },
);

const own = await ensureLocalCertificate({ folder: join(folder, 'own'), log: silentLog });
const challenges = await openChallengeServer('127.0.0.1', httpPort);
assert(challenges.ok);
const { show } = challenges.value;

await list.check('a certificate is renewed when a third of its life is left, and not before', async () => {
  const clock = testClock();
  const log = memoryLog();
  const parts = { domains: names, email: undefined, directory, own, show, timers: clock, log };
  const kept = await keepAcmeCertificate({ ...parts, folder: join(folder, 'renewed') });
  await kept.idle();
  const first = await readFile(kept.certFile, 'utf8');
  const key = await readFile(join(folder, 'renewed', 'account.key'), 'utf8');
  const live = async (days: number) => {
    for (let i = 0; i < days * 2; i++) {
      clock.advance(12 * hour);
      await kept.idle();
    }
  };
  await live(59);
  assert.equal(await readFile(kept.certFile, 'utf8'), first);
  await live(2);
  assert.notEqual(await readFile(kept.certFile, 'utf8'), first);
  assert.equal(await readFile(join(folder, 'renewed', 'account.key'), 'utf8'), key);
  assert.deepEqual(
    log.events.map(({ event }) => event.event),
    ['tls.issued', 'tls.issued'],
  );
  kept.close();
});

await list.check('what the authority refuses is asked again ever later, over restarts too', async () => {
  const clock = testClock();
  const log = memoryLog();
  const options = { domains: [refusedName], email: undefined, directory, own, show, timers: clock, log };
  const start = () => keepAcmeCertificate({ ...options, folder: join(folder, 'refused') });
  const first = await start();
  await first.idle();
  assert.equal(log.events.length, 1);
  first.close();
  const second = await start();
  await second.idle();
  assert.equal(log.events.length, 1, 'a restart asks for nothing before its time');
  for (let i = 0; i < 24 * 12; i++) {
    clock.advance(hour / 12);
    await second.idle();
  }
  const pauses = log.events.map(({ event }) =>
    event.event === 'tls.acmeFailed' ? event.againInMs / hour : 0,
  );
  assert.deepEqual(pauses.slice(0, 5), [0.25, 0.5, 1, 2, 4]);
  assert.ok(pauses.length <= 7, `${pauses.length} attempts in a day`);
  assert.equal(await readFile(second.certFile, 'utf8'), await readFile(own.certFile, 'utf8'));
  second.close();

  const mended = await keepAcmeCertificate({ ...options, domains: names, folder: join(folder, 'refused') });
  await mended.idle();
  assert.equal(log.events.at(-1)?.event.event, 'tls.issued', 'other names need not wait');
  mended.close();
});

await list.check('a name that does not show the token is not proved, and the reason is said', async () => {
  const clock = testClock();
  const log = memoryLog();
  const hidden = { domains: ['other.example.test'], email: undefined, show: () => () => {} };
  const kept = await keepAcmeCertificate({
    ...{ ...hidden, directory, own, timers: clock, log },
    folder: join(folder, 'hidden'),
  });
  await kept.idle();
  const [failed] = log.events;
  assert.equal(failed?.event.event, 'tls.acmeFailed');
  assert.match(String((failed as { cause?: unknown }).cause), /other\.example\.test was not proved: /);
  clock.advance(day);
  kept.close();
});

challenges.value.close();
process.exit(list.finish());
