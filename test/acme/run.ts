/**
 * `npm run test:acme`: certificates from an ACME authority, with Pebble as the authority. Installs it beneath node_modules (Go).
 * What trusts Pebble must do so from its start, which is why the checks are a process of their own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installGoProgram } from '../support/install-once.ts';
import { startPebble } from './pebble.ts';

const folder = await mkdtemp(join(tmpdir(), 'restante-acme-'));
const pebble = await startPebble(
  await installGoProgram('pebble', 'github.com/letsencrypt/pebble/v2/cmd/pebble@v2.10.3'),
  folder,
);
try {
  const { directory, roots, httpPort, caFile } = pebble;
  const checks = spawn(process.execPath, [fileURLToPath(new URL('./checks.ts', import.meta.url))], {
    env: {
      ...process.env,
      NODE_EXTRA_CA_CERTS: caFile,
      ACME_CHECKS: JSON.stringify({ directory, roots, httpPort, caFile, folder }),
    },
    stdio: 'inherit',
    timeout: 5 * 60_000,
  });
  const [code] = await once(checks, 'exit');
  process.exitCode = code === 0 ? 0 : 1;
} finally {
  await pebble.stop();
  await rm(folder, { recursive: true, force: true });
}
