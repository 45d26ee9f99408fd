import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a build is given, ms: a Go build of a few hundred packages takes minutes where nothing is cached. */
const limitMs = 10 * 60_000;
const s3Server = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';

/** Where installed emulators stay; `npm ci` clears it. */
export const emulatorFolder = fileURLToPath(
  new URL('../../../node_modules/.cache/emulators', import.meta.url),
);

/** The classes and native libraries of DynamoDB Local, by Maven. Answers their folder. */
export async function installDynamoDbLocal(): Promise<string> {
  const folder = join(emulatorFolder, 'dynamodb-local');
  const pom = fileURLToPath(new URL('./pom.xml', import.meta.url));
  await onceInstalled(folder, (draft) =>
    run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${draft}`]),
  );
  return folder;
}

/** versitygw, which holds S3's rules more strictly than s3rver, from its module. Answers its path. */
export async function installVersityGateway(): Promise<string> {
  const folder = join(emulatorFolder, 'versitygw');
  const go = ['/usr/local/go/bin/go'].find((path) => existsSync(path)) ?? 'go';
  await onceInstalled(folder, (draft) => run(go, ['install', s3Server], { GOBIN: draft }));
  return join(folder, 'versitygw');
}

/** Under another name until it is complete: what is there is whole. */
async function onceInstalled(folder: string, install: (draft: string) => Promise<void>): Promise<void> {
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

async function run(
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
