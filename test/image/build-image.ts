import { execFile } from 'node:child_process';
import { appendFile, chmod, copyFile, cp, mkdir, realpath, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { checkout } from '../../infra/bundle.ts';

const run = promisify(execFile);
const output = { maxBuffer: 64 * 1024 * 1024 };

/** Debian's programs that build an image where there is no Docker engine. */
export const buildPrograms = ['buildah', 'mmdebstrap'];

const authorities = '/etc/ssl/certs/ca-certificates.crt';

/** An image, unpacked. */
export interface BuiltImage {
  readonly root: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string;
  readonly workingFolder: string;
  /** Folders that it declares to be volumes. */
  readonly volumes: readonly string[];
  readonly environment: readonly string[];
  readonly bytes: number;
}

/**
 * The Dockerfile's own steps, executed by buildah in a chroot, on a base that stands for `node:24-slim`: Debian made by mmdebstrap, with the Node
 * of this checkout, npm, and the user `node`. What differs from the real base: where Node comes from, and the machine's npm settings.
 */
export async function buildImage(folder: string, say: (line: string) => void): Promise<BuiltImage> {
  const storage = [
    '--root',
    join(folder, 'storage'),
    '--runroot',
    join(folder, 'run'),
    '--storage-driver',
    'vfs',
  ];
  const buildah = async (...args: readonly string[]) =>
    (await run('buildah', [...storage, ...args], { ...output, cwd: checkout })).stdout.trim();

  say('Debian, by mmdebstrap');
  const base = join(folder, 'base');
  const packages = '--include=ca-certificates,libstdc++6';
  await run('mmdebstrap', ['--mode=root', '--variant=minbase', packages, 'bookworm', base], output);
  await putNode(base);
  const empty = await buildah('from', 'scratch');
  await buildah('add', '--quiet', empty, base, '/');
  await buildah('commit', '--quiet', '--rm', empty, 'base');

  say('the Dockerfile, by buildah');
  const isolation = ['--isolation', 'chroot', '--network', 'host'];
  await buildah(
    'bud',
    '--quiet',
    ...isolation,
    '--build-arg',
    'BASE=localhost/base',
    '--tag',
    'restante',
    '.',
  );
  const { OCIv1 } = JSON.parse(await buildah('inspect', '--type', 'image', 'localhost/restante'));
  const root = await buildah('mount', await buildah('from', 'localhost/restante'));
  const { stdout } = await run('du', ['-sb', join(root, 'restante')]);
  const { Entrypoint, Cmd, User, WorkingDir, Volumes = {}, Env } = OCIv1.config;
  return {
    root,
    entrypoint: Entrypoint,
    command: Cmd,
    user: User,
    workingFolder: WorkingDir,
    volumes: Object.keys(Volumes),
    environment: Env,
    bytes: Number.parseInt(stdout, 10),
  };
}

/** As the real base has them: Node and npm beneath /usr/local, and a user with the number 1000. */
async function putNode(base: string): Promise<void> {
  const local = join(base, 'usr/local');
  await copyFile(process.execPath, join(local, 'bin/node'));
  await chmod(join(local, 'bin/node'), 0o755);
  const { stdout } = await run('sh', ['-c', 'command -v npm']);
  const npm = dirname(dirname(await realpath(stdout.trim())));
  await mkdir(join(local, 'lib/node_modules'), { recursive: true });
  await cp(npm, join(local, 'lib/node_modules/npm'), { recursive: true, dereference: true });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
  await copyFile(join(homedir(), '.npmrc'), join(base, 'root/.npmrc')).catch(() => undefined);
  // Whom this machine trusts, where that is more than the world's authorities.
  await copyFile(authorities, join(base, authorities)).catch(() => undefined);
  await appendFile(join(base, 'root/.npmrc'), `\ncafile=${authorities}\n`);
  await run('chroot', [base, 'useradd', '--uid', '1000', '--create-home', 'node']);
}
