/** Real clients against a real server: `npm run test:clients [-- --store aws] [CLIENT…]`. Needs curl, isync, fetchmail, mutt, util-linux and Python 3. */
import assert from 'node:assert/strict';
import { parseArgs } from 'node:util';
import { CheckList } from '../support/check-list.ts';
import { ServerProcess } from '../support/server-process.ts';
import { openServerStore, storeKind } from '../support/server-store.ts';
import { type ClientChecks, openBench } from './bench.ts';
import { curl } from './curl.ts';
import { fetchmail } from './fetchmail.ts';
import { imapflow } from './imapflow.ts';
import { mbsync } from './mbsync.ts';
import { mutt } from './mutt.ts';
import { python } from './python.ts';

const clients: Readonly<Record<string, ClientChecks>> = {
  curl,
  mbsync,
  fetchmail,
  mutt,
  imapflow,
  python,
};

const { values, positionals: wanted } = parseArgs({
  options: { store: { type: 'string', default: 'embedded' } },
  allowPositionals: true,
});
const kind = storeKind(values.store);
if (kind === undefined) {
  console.error('--store is embedded or aws');
  process.exit(2);
}
const unknown = wanted.filter((name) => !(name in clients));
if (unknown.length > 0) {
  console.error(`no such client: ${unknown.join(', ')}; there are ${Object.keys(clients).join(', ')}`);
  process.exit(2);
}

const checks = new CheckList();
const store = await openServerStore(kind);
const server = await ServerProcess.start([], undefined, store.environment);
try {
  await server.addDomain();
  for (const [name, run] of Object.entries(clients)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    // A client that cannot even begin is one failed check, and the others still run.
    await checks.check(`${name}: all of its checks run`, async () =>
      run(await openBench(server, checks, name)),
    );
  }
  await checks.check('server: logged no error', () => assert.deepEqual(server.errors, []));
} finally {
  await checks.check('server: stops when asked', async () => assert.equal(await server.stop(), 0));
  await store.stop();
}
process.exit(checks.finish());
