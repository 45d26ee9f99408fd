import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImapFlow } from 'imapflow';
import type { Bench } from './bench.ts';
import { openImap } from './imap-session.ts';
import { assertSameBytes, sampleOf, samples, smallMessage, withBareLf } from './mail.ts';

/** A message in the Maildir, by what its file name says. */
interface Kept {
  readonly path: string;
  readonly folder: string;
  /** mbsync writes it into the name: `,U=12`. */
  readonly uid: number | undefined;
  /** Maildir's letters, sorted. */
  readonly flags: string;
}

async function keptIn(maildir: string, mailbox: string): Promise<readonly Kept[]> {
  const kept: Kept[] = [];
  for (const sub of ['new', 'cur']) {
    const folder = join(maildir, mailbox, sub);
    for (const name of await readdir(folder)) {
      const uid = /,U=(\d+)/.exec(name)?.[1];
      const flags = [...(/:2,([A-Z]*)$/i.exec(name)?.[1] ?? '')].sort().join('');
      kept.push({
        path: join(folder, name),
        folder,
        uid: uid === undefined ? undefined : Number(uid),
        flags,
      });
    }
  }
  return kept.sort((a, b) => (a.uid ?? 0) - (b.uid ?? 0));
}

/** Without the field that mbsync adds to what it copies, to find it again after a crash. */
const withoutMark = (bytes: Uint8Array): Buffer =>
  Buffer.from(
    Buffer.from(bytes)
      .toString('latin1')
      .replace(/^X-TUID: .{12}\r?\n/m, ''),
    'latin1',
  );

const maildirLetters: Readonly<Record<string, string>> = {
  '\\Seen': 'S',
  '\\Flagged': 'F',
  '\\Answered': 'R',
  '\\Deleted': 'T',
  '\\Draft': 'D',
};

const asLetters = (flags: Iterable<string>): string =>
  [...flags]
    .map((flag) => maildirLetters[flag] ?? '')
    .sort()
    .join('');

/** isync's mbsync: a Maildir and the account kept equal in both directions. */
export async function mbsync(bench: Bench): Promise<void> {
  const { server, account, home, check } = bench;
  const maildir = join(home, 'Maildir');
  const configFile = join(home, 'mbsyncrc');
  await mkdir(maildir);
  const config = (port: number, ssl: 'IMAPS' | 'STARTTLS') =>
    [
      'IMAPAccount restante',
      'Host localhost',
      `Port ${port}`,
      `User ${account.address}`,
      `Pass ${account.password}`,
      `SSLType ${ssl}`,
      'SystemCertificates no',
      `CertificateFile ${server.caFile}`,
      '',
      'IMAPStore far',
      'Account restante',
      '',
      'MaildirStore near',
      `Path ${maildir}/`,
      `Inbox ${maildir}/INBOX`,
      'SubFolders Verbatim',
      '',
      'Channel all',
      'Far :far:',
      'Near :near:',
      'Patterns *',
      'Create Both',
      'Remove Both',
      'Expunge Both',
      'CopyArrivalDate yes',
      'SyncState *',
      '',
    ].join('\n');
  await writeFile(configFile, config(server.ports.imaps, 'IMAPS'), { mode: 0o600 });
  const sync = () => bench.runToSuccess('mbsync', ['--config', configFile, '--all', '--verbose']);

  const client: ImapFlow = await openImap(server, account);
  try {
    /** What the account has, as the Maildir should: octets, flags, UIDs. */
    const assertEqual = async (mailbox: string) => {
      const lock = await client.getMailboxLock(mailbox);
      try {
        await client.noop(); // So that what others did counts in this session too.
        const kept = await keptIn(maildir, mailbox);
        const far = await client.fetchAll('1:*', { uid: true, flags: true, source: true });
        assert.equal(kept.length, far.length, `messages in ${mailbox}`);
        for (const message of far) {
          const what = `${mailbox} UID ${message.uid}`;
          const octets = withoutMark(withBareLf(message.source ?? Buffer.alloc(0)));
          const matching = [];
          for (const file of kept)
            if (withoutMark(await readFile(file.path)).equals(octets)) matching.push(file);
          assert.equal(matching.length, 1, `${what}: files with the same octets`);
          assert.equal(matching[0]?.flags, asLetters(message.flags ?? []), `${what}: flags`);
        }
      } finally {
        lock.release();
      }
    };
    const uidValidity = async (mailbox: string) => {
      const status = await client.status(mailbox, { uidValidity: true });
      return status ? status.uidValidity : undefined;
    };
    const before = await uidValidity('INBOX');
    /** The whole account as one value. */
    const everything = async () => {
      const all: unknown[] = [];
      for (const { path } of await client.list()) {
        const lock = await client.getMailboxLock(path);
        await client.noop();
        const messages = await client.fetchAll('1:*', { uid: true, flags: true });
        all.push([path, messages.map(({ uid, flags }) => [uid, [...(flags ?? [])].sort()])]);
        lock.release();
      }
      return all;
    };

    await check('the first run brings every message and mailbox', async () => {
      await sync();
      await assertEqual('INBOX');
      assert.equal((await keptIn(maildir, 'INBOX')).length, samples.length);
      assert.ok((await readdir(maildir)).includes('Archive'));
    });
    await check('a repeated run changes nothing on either side', async () => {
      const [far, near] = [await everything(), await keptIn(maildir, 'INBOX')];
      await sync();
      assert.deepEqual(await everything(), far);
      assert.deepEqual(await keptIn(maildir, 'INBOX'), near);
    });
    await check('flags go to the Maildir', async () => {
      const lock = await client.getMailboxLock('INBOX');
      await client.messageFlagsAdd('1:2', ['\\Seen', '\\Flagged'], { uid: true });
      await client.messageFlagsAdd('3', ['\\Answered'], { uid: true });
      lock.release();
      await sync();
      const flags = (await keptIn(maildir, 'INBOX')).map((kept) => kept.flags);
      assert.deepEqual(flags.slice(0, 4), ['FS', 'FS', 'R', '']);
      await assertEqual('INBOX');
    });
    await check('flags go to the account', async () => {
      const kept = await keptIn(maildir, 'INBOX');
      const mark = async (at: number, letters: string) => {
        const from = kept[at]?.path ?? '';
        const name =
          from
            .split('/')
            .at(-1)
            ?.replace(/:2,.*$/, '') ?? '';
        await rename(from, join(maildir, 'INBOX', 'cur', `${name}:2,${letters}`));
      };
      await mark(1, 'S');
      await mark(4, 'FRS');
      await sync();
      const lock = await client.getMailboxLock('INBOX');
      const second = await client.fetchOne('2', { flags: true }, { uid: true });
      const fifth = await client.fetchOne('5', { flags: true }, { uid: true });
      lock.release();
      assert.ok(second && fifth);
      assert.equal(asLetters(second.flags ?? []), 'S');
      assert.equal(asLetters(fifth.flags ?? []), 'FRS');
      await assertEqual('INBOX');
    });
    await check('new mail goes in both directions at once, byte for byte', async () => {
      const written = smallMessage('written-in-the-maildir');
      const large = sampleOf('large').bytes;
      await writeFile(join(maildir, 'INBOX', 'new', '1772529072.1_1.local'), withBareLf(written.bytes));
      await writeFile(join(maildir, 'Archive', 'cur', '1772529072.2_1.local:2,FS'), withBareLf(large));
      await bench.deliver('lmtp', [smallMessage('delivered-meanwhile')]);
      await sync();
      await assertEqual('INBOX');
      await assertEqual('Archive');
      assert.equal((await keptIn(maildir, 'INBOX')).length, samples.length + 2);
      const lock = await client.getMailboxLock('Archive');
      const archived = await client.fetchOne('1', { source: true });
      lock.release();
      const source = archived ? archived.source : undefined;
      assert.ok(source);
      assertSameBytes(withoutMark(source), large, 'the message put in the Maildir');
    });
    await check('deletions go in both directions', async () => {
      const [first] = await keptIn(maildir, 'INBOX');
      await rm(first?.path ?? '');
      const lock = await client.getMailboxLock('INBOX');
      await client.messageDelete('3,10', { uid: true });
      lock.release();
      await sync();
      const uids = (await keptIn(maildir, 'INBOX')).map((kept) => kept.uid);
      assert.equal(uids.length, samples.length - 1);
      await assertEqual('INBOX');
    });
    await check('mailboxes made on either side are made on the other', async () => {
      await client.mailboxCreate('Projects/2026');
      for (const sub of ['cur', 'new', 'tmp'])
        await mkdir(join(maildir, 'Letters', 'Old', sub), { recursive: true });
      for (const sub of ['cur', 'new', 'tmp'])
        await mkdir(join(maildir, 'Letters', sub), { recursive: true });
      await sync();
      assert.ok((await readdir(join(maildir, 'Projects', '2026'))).includes('cur'));
      const paths = (await client.list()).map(({ path }) => path);
      assert.ok(paths.includes('Letters') && paths.includes('Letters/Old'), paths.join(', '));
    });
    await check('another repeated run, by STARTTLS, changes nothing', async () => {
      await writeFile(configFile, config(server.ports.imap, 'STARTTLS'));
      const [far, near] = [await everything(), await keptIn(maildir, 'INBOX')];
      await sync();
      assert.deepEqual(await everything(), far);
      assert.deepEqual(await keptIn(maildir, 'INBOX'), near);
    });
    await check('UIDVALIDITY is what it was', async () => assert.equal(await uidValidity('INBOX'), before));
  } finally {
    await client.logout();
  }
}
