/** Real clients against a real server: `npm run test:clients [CLIENT…]`. Needs curl, isync, fetchmail, mutt, util-linux and Python 3. */
import assert from 'node:assert/strict';
import { CheckList } from '../support/check-list.ts';
import { ServerProcess } from '../support/server-process.ts';
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

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in clients));
if (unknown.length > 0) {
  console.error(`no such client: ${unknown.join(', ')}; there are ${Object.keys(clients).join(', ')}`);
  process.exit(2);
}

const checks = new CheckList();
const server = await ServerProcess.start();
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
}
process.exit(checks.finish());
