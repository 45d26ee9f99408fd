import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepSecretCertificate } from '../../services/local/secret-certificate.ts';
import { ensureLocalCertificate } from '../../shared/net/certificate-authority.ts';
import { memoryLog, silentLog } from '../../shared/telemetry/log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const certificateIn = (folder: string) => ensureLocalCertificate({ folder, log: silentLog });
const textsOf = async ({ certFile, keyFile }: { certFile: string; keyFile: string }) => ({
  cert: await readFile(certFile, 'utf8'),
  key: await readFile(keyFile, 'utf8'),
});

test('the certificate of the secret is served where there is one', async () => {
  const own = await certificateIn(temporaryFolder());
  const theirs = await textsOf(await certificateIn(temporaryFolder()));
  const kept = await keepSecretCertificate(
    async () => JSON.stringify(theirs),
    temporaryFolder(),
    own,
    silentLog,
  );
  kept.close();
  assert.deepEqual(await textsOf(kept), theirs);
});

test('until then, and while the secret cannot be used, the machine’s own is', async () => {
  const own = await certificateIn(temporaryFolder());
  const mine = await textsOf(own);
  const other = await textsOf(await certificateIn(temporaryFolder()));
  const cases: [string, () => Promise<string | undefined>, number][] = [
    ['nothing', async () => undefined, 0],
    ['what was made up', async () => 'x9s8f7', 0],
    ['a key of another', async () => JSON.stringify({ ...other, key: mine.key }), 1],
  ];
  for (const [what, read, told] of cases) {
    const log = memoryLog();
    const kept = await keepSecretCertificate(read, join(temporaryFolder(), 'tls'), own, log);
    kept.close();
    assert.deepEqual(await textsOf(kept), mine, what);
    assert.equal(log.events.length, told, what);
  }
});

test('a server whose secret does not answer shows no other certificate in its place', async () => {
  const own = await certificateIn(temporaryFolder());
  const folder = join(temporaryFolder(), 'tls');
  await assert.rejects(
    keepSecretCertificate(() => Promise.reject(new Error('no answer')), folder, own, silentLog),
    /no answer/,
  );
});
