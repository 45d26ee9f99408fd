/**
 * Real input, byte for byte: `npm run test:samples [COUNT]`. Python's own mail samples, odd ones of ours and COUNT generated messages are
 * imported by the command into a running server, and read back over IMAP, over POP3, and by export as Maildir and as mbox.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openImap } from '../clients/imap-session.ts';
import { CheckList } from '../support/check-list.ts';
import { generateMessages } from '../support/messages.ts';
import { ServerProcess, type TestAccount } from '../support/server-process.ts';
import { retrieveAll } from './pop3-reader.ts';
import { oddSamples, pythonSamples } from './sample-files.ts';

const count = Number(process.argv[2] ?? 10_000);
if (!Number.isInteger(count) || count < 0 || count > 100_000) {
  console.error('usage: npm run test:samples [COUNT], up to 100,000 messages');
  process.exit(2);
}
const seed = 20_261_124;
const minutes = 60_000;

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');
/** RFC 1939 §3: lines of POP3 end with CRLF, the last one too. What has other line ends cannot be sent as it is. */
function onTheWire(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replaceAll(/(?<!\r)\n/g, '\r\n');
  return Buffer.from(text.endsWith('\r\n') ? text : `${text}\r\n`, 'latin1');
}

function assertSame(actual: readonly string[], expected: readonly string[], names: readonly string[]): void {
  assert.equal(actual.length, expected.length, 'the number of messages');
  const differing = names.filter((_, i) => actual[i] !== expected[i]);
  assert.deepEqual(differing.slice(0, 20), [], `${differing.length} messages differ`);
}

function digestsIn(maildir: string): string[] {
  const cur = join(maildir, 'cur');
  const uidOf = (name: string) => /\.(U\d{10})_/.exec(name)?.[1] ?? '';
  const files = readdirSync(cur).sort((a, b) => (uidOf(a) < uidOf(b) ? -1 : 1));
  return files.map((file) => digest(readFileSync(join(cur, file))));
}

const checks = new CheckList();
const server = await ServerProcess.start();
try {
  await server.addDomain();
  const names: string[] = [];
  const wanted: string[] = [];
  const overPop3: string[] = [];
  const source = join(server.folder, 'source');
  for (const place of ['cur', 'new', 'tmp']) mkdirSync(join(source, place), { recursive: true });
  let octets = 0;
  const put = (name: string, bytes: Buffer) => {
    const flags = ['', 'S', 'FS', 'R', 'D'][names.length % 5];
    writeFileSync(join(source, 'cur', `${1_600_000_000 + names.length}.sample:2,${flags}`), bytes);
    names.push(name);
    wanted.push(digest(bytes));
    overPop3.push(digest(onTheWire(bytes)));
    octets += bytes.length;
  };
  for (const { name, bytes } of [...(await pythonSamples()), ...oddSamples]) put(name, bytes);
  const samples = names.length;
  let n = 0;
  for (const bytes of generateMessages(count, seed)) put(`generated ${n++}`, bytes);
  console.log(`${samples} samples and ${count} generated messages, ${octets} octets`);

  const one = await server.addAccount('one');
  const two = await server.addAccount('two');
  const importing = (account: TestAccount, path: string) =>
    server.restante(['import', account.address, path], { timeLimit: 10 * minutes });
  const exporting = (account: TestAccount, path: string, format: string) =>
    server.restante(['export', account.address, path, '--format', format], { timeLimit: 10 * minutes });

  await checks.check('import from a Maildir', async () => {
    const { stdout } = await importing(one, source);
    assert.match(stdout.toString(), new RegExp(`^imported +${names.length} messages`));
  });
  await checks.check('a second import brings nothing', async () => {
    const { stdout } = await importing(one, source);
    assert.match(stdout.toString(), new RegExp(`already there +${names.length}\n`));
  });
  await checks.check('IMAP gives the same bytes', async () => {
    const client = await openImap(server, one);
    const lock = await client.getMailboxLock('INBOX');
    const read: string[] = [];
    for await (const { source: bytes } of client.fetch('1:*', { source: true })) read.push(digest(bytes!));
    lock.release();
    await client.logout();
    assertSame(read, wanted, names);
  });
  const exact = wanted.filter((value, i) => value === overPop3[i]).length;
  await checks.check(
    `POP3 gives the same bytes (${exact}), bare LF and a missing last line end as CRLF (the rest)`,
    async () => {
      const read: string[] = [];
      for await (const bytes of retrieveAll(server, one)) read.push(digest(bytes));
      assertSame(read, overPop3, names);
    },
  );
  await checks.check('export as Maildir gives the same bytes', async () => {
    const path = join(server.folder, 'maildir');
    await exporting(one, path, 'maildir');
    assertSame(digestsIn(path), wanted, names);
  });
  await checks.check('export as mbox, imported again, gives the same bytes', async () => {
    const path = join(server.folder, 'mbox');
    await exporting(one, path, 'mbox');
    await importing(two, path);
    const again = join(server.folder, 'again');
    await exporting(two, again, 'maildir');
    assertSame(digestsIn(again), wanted, names);
  });
  await checks.check('the server logged no error', () => assert.deepEqual(server.errors, []));
} finally {
  await server.stop();
}
process.exit(checks.finish());
