import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync, type OutputFile } from 'esbuild';

/** The root of the repository. */
export const checkout = fileURLToPath(new URL('..', import.meta.url));

/** What the image is made of, and nothing else: its hash decides whether it is built again. */
export const imageSources = [
  'Dockerfile',
  'package.json',
  'package-lock.json',
  'infra',
  'services',
  'shared',
];

/** Entry points of the Lambda functions, by the name of their bundle. */
export const functions = {
  deliver: 'services/inbound/lambda.ts',
  bounce: 'services/inbound/bounce-lambda.ts',
  admin: 'services/admin/lambda.ts',
  maintain: 'services/maintenance/lambda.ts',
  certificate: 'infra/handlers/certificate.ts',
  'start-build': 'infra/handlers/start-build.ts',
  'rule-set': 'infra/handlers/rule-set.ts',
} as const;

export type FunctionName = keyof typeof functions;

/** esbuild puts CommonJS packages into ES modules only if it is given a `require`. */
const banner = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

/**
 * Bundles entry points, each with all that it needs, in one go: what they share is read once. Returns the folder that has a folder for
 * each, of this process alone and for as long as it lasts: others may synthesise at the same time. What is in them depends on nothing but
 * the sources, whose places the source maps name as seen from the checkout.
 */
export function bundleFunctions(names: readonly FunctionName[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'restante-bundles-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const entryPoints = Object.fromEntries(names.map((name) => [`${name}/index`, functions[name]]));
  const outdir = join(checkout, 'dist');
  for (const name of names) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'package.json'), '{"type":"module"}\n');
  }
  for (const { path, contents } of built(entryPoints, outdir, false))
    writeFileSync(join(folder, relative(outdir, path)), contents);
  return folder;
}

let all: string | undefined;

/** The folder of one bundle; the first who asks in a process has all of them made. */
export function bundleOf(name: FunctionName): string {
  all ??= bundleFunctions(Object.keys(functions) as FunctionName[]);
  return join(all, name);
}

/** Bundles entry points into a folder. */
export function bundle(entryPoints: Readonly<Record<string, string>>, outdir: string): void {
  built(entryPoints, outdir, true);
}

function built(
  entryPoints: Readonly<Record<string, string>>,
  outdir: string,
  write: boolean,
): readonly OutputFile[] {
  const { outputFiles = [] } = buildSync({
    write,
    entryPoints: { ...entryPoints },
    outdir,
    absWorkingDir: checkout,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: 'linked',
    sourcesContent: false,
    banner: { js: banner },
    logLevel: 'error',
  });
  return outputFiles;
}
