import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { serviceNames } from '../../services/local/config-options.ts';
import { bareEnvironment, killGroup } from '../support/run-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const program = fileURLToPath(new URL('../../services/local/main.ts', import.meta.url));
const skip = process.platform !== 'linux' && 'needs /dev/full';

test('a server whose log cannot be written serves, and stops when it is told to', { skip }, async () => {
  const full = openSync('/dev/full', 'w');
  const ports = serviceNames.flatMap((name) => [`--${name}`, name === 'imap' ? '0' : 'off']);
  const child = spawn(
    process.execPath,
    [program, 'serve', '--data', temporaryFolder(), '--no-demo', ...ports],
    {
      env: bareEnvironment(),
      detached: true,
      stdio: ['ignore', 'pipe', full],
    },
  );
  closeSync(full);
  after(() => killGroup(child.pid, 'SIGKILL'));
  const ended = once(child, 'exit');
  let port = 0;
  for await (const line of createInterface({ input: child.stdout! })) {
    port ||= Number(/IMAP .* port (\d+)/.exec(line)?.[1] ?? 0);
    if (line === 'ready') break;
  }
  const socket = createConnection({ port, host: '127.0.0.1' });
  assert.match(String((await once(socket, 'data'))[0]), /^\* OK /);
  socket.destroy();
  child.kill('SIGTERM');
  assert.deepEqual(await ended, [0, null]);
});
