import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

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

/** Bundles one entry point with all that it needs; returns the folder. The result depends on nothing but the sources. */
export function bundleFunction(name: FunctionName, into = join(checkout, 'dist')): string {
  const folder = join(into, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  bundle({ index: functions[name] }, folder);
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}\n');
  return folder;
}

export function bundle(entryPoints: Readonly<Record<string, string>>, outdir: string): void {
  buildSync({
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
}
