/**
 * Real input, byte for byte: `npm run test:samples [COUNT]`. Python's own mail samples, odd ones of ours and COUNT generated messages are
 * imported by the command into a running server, and read back over IMAP, over POP3, and by export as Maildir and as mbox; an import that is killed loses and doubles nothing.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { CheckList } from '../support/check-list.ts';
import { generateMessages } from '../support/messages.ts';
import { ServerProcess } from '../support/server-process.ts';
import { type Check, checkRepeated, checkSameEverywhere, Samples } from './same-everywhere.ts';
import { oddSamples, pythonSamples } from './sample-files.ts';

const count = Number(process.argv[2] ?? 10_000);
if (!Number.isInteger(count) || count < 0 || count > 100_000) {
  console.error('usage: npm run test:samples [COUNT], up to 100,000 messages');
  process.exit(2);
}
const seed = 20_261_124;

const checks = new CheckList();
const server = await ServerProcess.start();
try {
  await server.addDomain();
  const samples = new Samples(join(server.folder, 'source'));
  for (const sample of [...(await pythonSamples()), ...oddSamples]) samples.put(sample);
  const real = samples.names.length;
  for (const bytes of generateMessages(count, seed))
    samples.put({ name: `generated ${samples.names.length - real}`, bytes });
  console.log(`${real} samples and ${count} generated messages, ${samples.octets} octets`);
  const check: Check = (name, body) => checks.check(name, body);
  await checkSameEverywhere(check, server, samples, await server.addAccount('one'));
  const others = [await server.addAccount('two'), await server.addAccount('three')] as const;
  await checkRepeated(check, server, samples, others);
  await check('the server logged no error', async () => assert.deepEqual(server.errors, []));
} finally {
  await server.stop();
}
process.exit(checks.finish());
