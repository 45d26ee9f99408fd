/**
 * `npm run test:image`: builds the container image from the Dockerfile without a Docker engine, as far as the machine allows, and starts what
 * is in it as a task would: not root, nothing to write to but the data folder. Says what was not done and why. Exits 1 where something fails.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { checkout } from '../../infra/bundle.ts';
import { taskFolder } from '../../infra/task-environment.ts';
import { freePort } from '../support/aws-emulators.ts';
import { buildImage, buildPrograms } from './build-image.ts';

const startMs = 60_000;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Started {
  /** The root of what is started; '/' for this machine's own. */
  readonly root: string;
  readonly workingFolder: string;
  readonly command: readonly string[];
  readonly environment: readonly string[];
  readonly dataFolder: string;
  /** The number of the user to whom the empty volume belongs that is mounted there. */
  readonly owner: number;
}

/** A mount namespace in which the root is read-only and the data folder is the one place to write; then the user with the number 1000. */
const confine = `
  set -e
  root=$1 data=$2 owner=$3 folder=$4; shift 4
  mount --make-rprivate /
  if [ "$root" != / ]; then mount --bind "$root" "$root"; mount --bind /dev "$root/dev"; mount -t proc proc "$root/proc"; fi
  mkdir -p "$root$data"
  mount -t tmpfs -o mode=0755,uid=$owner,gid=$owner tmpfs "$root$data"
  mount -o remount,bind,ro "$root"
  if touch "$root/written" 2>/dev/null; then echo "the root can be written to" >&2; exit 1; fi
  exec chroot --userspec=1000:1000 --groups= "$root" env -i --chdir="$folder" HOME=/nonexistent "$@"
`;

async function start({
  root,
  workingFolder,
  command,
  environment,
  dataFolder,
  owner,
}: Started): Promise<void> {
  const [imap, http] = [await freePort(), await freePort()];
  const ports = { IMAP: imap, HTTP: http };
  const off = ['IMAPS', 'POP3', 'POP3S', 'SMTP', 'LMTP', 'SUBMISSION', 'SUBMISSIONS'];
  const settings = [
    ...environment,
    `RESTANTE_DATA=${dataFolder}`,
    ...Object.entries(ports).map(([name, port]) => `RESTANTE_${name}=${port}`),
    ...off.map((name) => `RESTANTE_${name}=off`),
  ];
  const inside = [...settings, ...command];
  const child = spawn(
    'unshare',
    ['--mount', 'sh', '-c', confine, 'sh', root, dataFolder, String(owner), workingFolder, ...inside],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), startMs);
  const exit = once(child, 'exit');
  let ready = false;
  for await (const line of createInterface({ input: child.stdout })) {
    ready = line === 'ready';
    if (ready) break;
  }
  child.stdout.resume();
  assert.ok(ready, 'it ended before it was ready');
  const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
  assert.match(status, /^Uid:\s+1000\s+1000\s+1000\s+1000$/m);
  const health = await fetch(`http://127.0.0.1:${http}/readyz`);
  assert.equal(health.status, 200);
  const socket = connect({ host: '127.0.0.1', port: imap });
  const [greeting] = (await once(socket, 'data')) as [Buffer];
  assert.match(greeting.toString(), /^\* OK \[CAPABILITY /);
  socket.destroy();
  child.kill('SIGTERM');
  const [code] = await exit;
  clearTimeout(timer);
  assert.equal(code, 0);
  say('  ready, healthy, greets, and ends at SIGTERM: as user 1000, on a root that cannot be written to');
}

async function main(): Promise<void> {
  const confined = spawnSync('unshare', ['--mount', 'true']);
  if (process.getuid?.() !== 0 || confined.status !== 0) {
    say(
      'not run: building and starting the image needs root and mount namespaces, which are not to be had here',
    );
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'restante-image-'));
  try {
    say("the image's bundle on this machine's own system");
    const bundle = join(folder, 'restante');
    execFileSync(process.execPath, [join(checkout, 'infra/image.ts'), bundle], { stdio: 'inherit' });
    execFileSync('chmod', ['755', folder]);
    await start({
      root: '/',
      workingFolder: bundle,
      command: [process.execPath, 'services/local/main.mjs', 'serve'],
      environment: ['NODE_ENV=production'],
      dataFolder: join(bundle, 'data'),
      owner: 1000,
    });

    const missing = buildPrograms.filter((program) => spawnSync('which', [program]).status !== 0);
    if (missing.length > 0) {
      say(`not run: the Dockerfile's steps, for want of ${missing.join(' and ')}`);
      return;
    }
    const image = await buildImage(folder, (line) => say(`the image: ${line}`));
    say(`the image: ${(image.bytes / 1024 / 1024).toFixed(1)} MB of Restante`);
    assert.equal(image.user, 'node');
    await start({
      root: image.root,
      workingFolder: image.workingFolder,
      command: [...image.entrypoint, ...image.command],
      environment: image.environment,
      dataFolder: taskFolder,
      // As ECS gives it: root's, but where the image declares the volume it is as the folder there.
      owner: image.volumes.includes(taskFolder) ? statSync(join(image.root, taskFolder)).uid : 0,
    });
    say('not run: a push to a registry, and the build on ARM');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
