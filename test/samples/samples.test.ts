import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { generateMessages } from '../support/messages.ts';
import { ServerProcess } from '../support/server-process.ts';
import { checkSameEverywhere, Samples } from './same-everywhere.ts';
import { oddSamples } from './sample-files.ts';

test('odd and generated messages come back the same from a server in a process of its own', async (t) => {
  const server = await ServerProcess.start();
  t.after(() => server.stop());
  await server.addDomain();
  const samples = new Samples(join(server.folder, 'source'));
  for (const sample of oddSamples) samples.put(sample);
  for (const bytes of generateMessages(200, 11))
    samples.put({ name: `generated ${samples.names.length}`, bytes });
  await checkSameEverywhere(
    (name, body) => t.test(name, body),
    server,
    samples,
    await server.addAccount('one'),
  );
  assert.deepEqual(server.errors, []);
});
