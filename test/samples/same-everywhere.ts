import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openImap } from '../clients/imap-session.ts';
import { bareEnvironment, killGroup } from '../support/run-program.ts';
import type { ServerProcess, TestAccount } from '../support/server-process.ts';
import { retrieveAll } from './pop3-reader.ts';
import type { SampleFile } from './sample-files.ts';

/** Runs a check and tells how it went; what comes after a failed one still runs. */
export type Check = (name: string, body: () => Promise<void>) => Promise<void>;

const minutes = 60_000;
const letters = ['', 'S', 'FS', 'R', 'D'];
const flagsOfLetter: Readonly<Record<string, string>> = {
  S: '\\Seen',
  F: '\\Flagged',
  R: '\\Answered',
  D: '\\Draft',
};

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

/** RFC 1939 §3: lines of POP3 end with CRLF, the last one too. What has other line ends cannot be sent as it is. */
function onTheWire(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1').replaceAll(/(?<!\r)\n/g, '\r\n');
  return Buffer.from(text.endsWith('\r\n') ? text : `${text}\r\n`, 'latin1');
}

/** The messages of a Maildir that an export made, in order, and their flags. */
function digestsIn(maildir: string): string[] {
  const cur = join(maildir, 'cur');
  const uidOf = (name: string) => /\.(U\d{10})_/.exec(name)?.[1] ?? '';
  const files = readdirSync(cur).sort((a, b) => (uidOf(a) < uidOf(b) ? -1 : 1));
  return files.map((file) => `${digest(readFileSync(join(cur, file)))} ${file.replace(/^.*,/, '')}`);
}

/** A Maildir of messages, and what must come back of each. */
export class Samples {
  readonly folder: string;
  readonly names: string[] = [];
  /** Digest and Maildir's letters. */
  readonly wanted: string[] = [];
  readonly overPop3: string[] = [];
  octets = 0;
  /** Those that POP3 can give as they are. */
  exact = 0;

  constructor(folder: string) {
    this.folder = folder;
    for (const place of ['cur', 'new', 'tmp']) mkdirSync(join(folder, place), { recursive: true });
  }

  put({ name, bytes }: SampleFile): void {
    const flags = letters[this.names.length % letters.length]!;
    writeFileSync(join(this.folder, 'cur', `${1_600_000_000 + this.names.length}.sample:2,${flags}`), bytes);
    const sent = digest(onTheWire(bytes));
    if (sent === digest(bytes)) this.exact++;
    this.names.push(name);
    this.wanted.push(`${digest(bytes)} ${flags}`);
    this.overPop3.push(sent);
    this.octets += bytes.length;
  }

  assertSame(actual: readonly string[], expected: readonly string[] = this.wanted): void {
    assert.equal(actual.length, expected.length, 'the number of messages');
    const differing = this.names.filter((_, i) => actual[i] !== expected[i]);
    assert.deepEqual(differing.slice(0, 20), [], `${differing.length} messages differ`);
  }
}

const importing = async (server: ServerProcess, { address }: TestAccount, path: string): Promise<string> => {
  const { stdout, stderr } = await server.restante(['import', address, path], { timeLimit: 10 * minutes });
  assert.equal(stderr, '', 'no progress bar where no terminal is');
  return stdout.toString();
};

const exporting = (server: ServerProcess, { address }: TestAccount, path: string, format: string) =>
  server.restante(['export', address, path, '--format', format], { timeLimit: 10 * minutes });

/** Imports the samples by the command while the server runs, and reads them back over IMAP and POP3 and by export. */
export async function checkSameEverywhere(
  check: Check,
  server: ServerProcess,
  samples: Samples,
  account: TestAccount,
): Promise<void> {
  const count = samples.names.length;
  await check('import from a Maildir', async () => {
    const report = await importing(server, account, samples.folder);
    const [, imported, there] =
      /^imported +(\d+) messages.*\nalready there +(\d+)\nfailed +0\n/.exec(report) ?? [];
    assert.equal(Number(imported) + Number(there), count, report);
  });
  await check('IMAP gives the same bytes and flags', async () => {
    const client = await openImap(server, account);
    const lock = await client.getMailboxLock('INBOX');
    const read: string[] = [];
    const query = { source: true, flags: true };
    for await (const { source, flags } of client.fetch('1:*', query)) {
      const shown = Object.keys(flagsOfLetter).filter((letter) => flags?.has(flagsOfLetter[letter]!));
      read.push(`${digest(source!)} ${shown.sort().join('')}`);
    }
    lock.release();
    await client.logout();
    samples.assertSame(read);
  });
  await check('export as Maildir gives the same bytes and flags', async () => {
    const path = join(server.folder, 'maildir');
    await exporting(server, account, path, 'maildir');
    samples.assertSame(digestsIn(path));
  });
  // Last, for RETR marks messages as seen.
  const others = count - samples.exact;
  const pop3 = `POP3 gives the same bytes (${samples.exact}), bare LF and a missing last line end as CRLF (${others})`;
  await check(pop3, async () => {
    const read: string[] = [];
    for await (const bytes of retrieveAll(server, account)) read.push(digest(bytes));
    samples.assertSame(read, samples.overPop3);
  });
}

/** An import that is killed and begun again, and one that is repeated, bring everything once: what an export as mbox has tells. */
export async function checkRepeated(
  check: Check,
  server: ServerProcess,
  samples: Samples,
  [one, two]: readonly [TestAccount, TestAccount],
): Promise<void> {
  await check('an import is killed while it writes, and begun again: everything is there once', async () => {
    await killedImport(server, one, samples.folder);
    const report = await importing(server, one, samples.folder);
    const [, imported, there] = /^imported +(\d+) messages.*\nalready there +(\d+)\n/.exec(report) ?? [];
    assert.equal(Number(imported) + Number(there), samples.names.length, report);
    assert.ok(Number(there) > 0, report);
  });
  await check('once more, it brings nothing', async () => {
    const report = await importing(server, one, samples.folder);
    assert.match(report, new RegExp(`already there +${samples.names.length}\n`));
  });
  await check('export as mbox, imported again, gives the same bytes and flags', async () => {
    const path = join(server.folder, 'mbox');
    await exporting(server, one, path, 'mbox');
    await importing(server, two, path);
    const again = join(server.folder, 'again');
    await exporting(server, two, again, 'maildir');
    samples.assertSame(digestsIn(again));
  });
}

const program = fileURLToPath(new URL('../../services/local/main.ts', import.meta.url));

/** Kills the command once a client of the server has seen the first messages come. */
async function killedImport(server: ServerProcess, account: TestAccount, path: string): Promise<void> {
  const client = await openImap(server, account);
  const lock = await client.getMailboxLock('INBOX');
  const seen = new Promise((resolve) => client.once('exists', resolve));
  const idle = client.idle();
  const child = spawn(
    process.execPath,
    [program, 'import', account.address, path, '--data', server.dataFolder],
    {
      env: bareEnvironment(),
      detached: true,
      stdio: 'ignore',
    },
  );
  const exited = once(child, 'exit');
  await Promise.race([seen, exited]);
  killGroup(child.pid, 'SIGKILL');
  await exited;
  const { messages = 0 } = (await client.status('INBOX', { messages: true })) || {};
  lock.release();
  await client.logout();
  await idle;
  assert.ok(messages > 0, 'some were there when it was killed');
}
