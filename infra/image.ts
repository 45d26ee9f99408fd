import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, checkout } from './bundle.ts';

/** `node infra/image.ts FOLDER`: what the container image holds, one bundle and no packages. */
const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: node infra/image.ts FOLDER\n');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
// The layout of the checkout is kept, since the program finds its package.json by it.
bundle(
  {
    'services/local/main': 'services/local/main.ts',
    'services/local/writer-worker': 'shared/adapters/embedded/writer-worker.ts',
  },
  folder,
);
// The embedded store starts its thread by the name that it has in the checkout, beside whatever module it is in.
renameSync(join(folder, 'services/local/writer-worker.mjs'), join(folder, 'services/local/writer-worker.ts'));
copyFileSync(join(checkout, 'package.json'), join(folder, 'package.json'));
