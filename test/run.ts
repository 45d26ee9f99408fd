/**
 * `npm test [-- PATTERN…]`: every `*.test.ts` there is, or those that are named. The files of one folder share a process, one after another,
 * since a process of its own costs more than most files do; one folder more than there are processors runs at once, since most wait now and then. What must have a process to
 * itself has a folder to itself. Exit code 1 where a test failed, or where a file had none that ran: its process ended before.
 */
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const patterns = process.argv.slice(2);
const everything = ['{test,shared,services,infra}/**/*.test.ts'];
const files = globSync(patterns.length > 0 ? patterns : everything, { cwd: root }).sort();
if (files.length === 0) throw new Error(`there are no tests: ${patterns}`);

/** Node's runner starts a process for each file that it is given: for each folder, a module that imports what is in it. */
const modules = mkdtempSync(join(tmpdir(), 'restante-tests-'));
process.on('exit', () => rmSync(modules, { recursive: true, force: true }));
const folders = [...Map.groupBy(files, dirname)].map(([folder, members]) => {
  const module = join(modules, `${folder.replaceAll('/', '.')}.mjs`);
  writeFileSync(module, members.map((file) => `import ${JSON.stringify(join(root, file))};\n`).join(''));
  return module;
});

const silent = new Set(files);
const heard = ({ file }: { readonly file?: string }): unknown =>
  file !== undefined && silent.delete(relative(root, file));
const events = run({ files: folders, concurrency: availableParallelism() + 1 });
events.on('test:pass', heard).on('test:fail', (data) => {
  heard(data);
  process.exitCode = 1;
});
events
  .compose(spec)
  .on('end', () => {
    for (const file of silent) console.error(`no test of ${file} ran`);
    if (silent.size > 0) process.exitCode = 1;
  })
  .pipe(process.stdout);
