import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a build is given, ms: a Go build of a few hundred packages takes minutes where nothing is cached. */
const limitMs = 10 * 60_000;

/** Where what tests install stays; `npm ci` clears it. */
export const installFolder = fileURLToPath(new URL('../../node_modules/.cache/emulators', import.meta.url));

/** Under another name until it is complete: what is there is whole. */
export async function onceInstalled(
  folder: string,
  install: (draft: string) => Promise<void>,
): Promise<void> {
  if (existsSync(folder)) return;
  const draft = `${folder}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  try {
    await install(draft);
    await rename(draft, folder);
  } catch (cause) {
    await rm(draft, { recursive: true, force: true });
    throw cause;
  }
}

export async function runInstaller(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: limitMs,
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
}

/** A program of a Go module, such as `example.org/module/cmd/name@v1.2.3`. Answers its path. */
export async function installGoProgram(name: string, module: string): Promise<string> {
  const folder = join(installFolder, name);
  const go = ['/usr/local/go/bin/go'].find((path) => existsSync(path)) ?? 'go';
  await onceInstalled(folder, (draft) => runInstaller(go, ['install', module], { GOBIN: draft }));
  return join(folder, name);
}
