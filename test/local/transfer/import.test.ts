import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import fs, { rename } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { MessageImport } from '../../../services/local/transfer/import-messages.ts';
import type { Source } from '../../../services/local/transfer/source-message.ts';
import type { Account } from '../../../shared/engine/account.ts';
import { renameMailbox } from '../../../shared/engine/mailbox-actions.ts';
import { localEngine } from '../../support/local-engine.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { bring, contents, sourceAt } from './transfer-harness.ts';

const entry = (text: string) => `From a@b Thu Jan  1 00:00:00 1970\nSubject: ${text}\n\n${text}\n\n`;
const bodiesIn = async (account: Account, mailbox = 'INBOX') =>
  ((await contents(account))[mailbox] ?? []).map((row) => /^Subject: (.*)/.exec((row as string[])[2]!)?.[1]);

/** Files in a folder of that name, by their paths. */
function maildir(files: Readonly<Record<string, string>>): string {
  const root = temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

test('a mail program that shortens an mbox, moves its messages and adds some: only the new ones come', async () => {
  const one = await (await localEngine()).account();
  const path = join(temporaryFolder(), 'mail');
  writeFileSync(path, ['a', 'b', 'b', 'c'].map(entry).join(''));
  assert.equal((await bring(one, path)).imported, 4, 'two that are the same are two');
  writeFileSync(path, ['c', 'b', 'd', 'b', 'b'].map(entry).join(''));
  const { imported, alreadyThere } = await bring(one, path);
  assert.deepEqual([imported, alreadyThere], [2, 3], 'd, and a third b');
  assert.deepEqual(await bodiesIn(one), ['a', 'b', 'b', 'c', 'd', 'b']);
});

test('an import that is cut off after any message is begun again, and everything is there once and in order', async () => {
  const { account } = await localEngine();
  const path = join(temporaryFolder(), 'mail');
  const texts = Array.from({ length: 700 }, (_, i) => `m${i >> 1}`);
  writeFileSync(path, texts.map(entry).join(''));
  for (const after of [1, 256, 300, 513]) {
    const one = await account();
    const whole = await sourceAt(path);
    async function* broken() {
      let n = 0;
      for await (const message of whole.messages) {
        if (n++ === after) throw new Error('cut');
        yield message;
      }
    }
    const source: Source = { ...whole, messages: broken() };
    await assert.rejects(new MessageImport(one, source, { limit: 1000 }).run(), /cut/);
    assert.equal(one.state.mailboxes.named('INBOX')!.exists, Math.floor((after - 1) / 256) * 256);
    await bring(one, path);
    assert.deepEqual(await bodiesIn(one), texts);
  }
});

test('two imports of the same at once bring everything once', async () => {
  const one = await (await localEngine()).account();
  const path = join(temporaryFolder(), 'mail');
  const texts = Array.from({ length: 600 }, (_, i) => `m${i}`);
  writeFileSync(path, texts.map(entry).join(''));
  const reports = await Promise.all([bring(one, path), bring(one, path)]);
  assert.deepEqual(await bodiesIn(one), texts);
  assert.equal(reports[0].imported + reports[1].imported, 600);
  assert.equal(reports[0].alreadyThere + reports[1].alreadyThere, 600);
});

test('what was deleted, or whose mailbox has another name now, comes again only when asked for', async () => {
  const one = await (await localEngine()).account();
  const root = maildir({ 'cur/1': 'x', '.Work/cur/1': 'y' });
  await bring(one, root);
  await one.commit(renameMailbox('Work', 'Play'));
  assert.equal((await bring(one, root)).imported, 0);
  const run = await new MessageImport(one, await sourceAt(root), { limit: 9, apart: 'now' }).run();
  assert.ok(run.ok);
  assert.equal(run.value.imported, 2);
});

test('mailboxes that other programs call by other words are the ones of that use, unless the source has both', async () => {
  const { account } = await localEngine();
  const [one, two] = [await account(), await account()];
  const files = {
    'cur/1': 'a',
    '.Sent Items/cur/1': 'b',
    '.SPAM/cur/1': 'c',
    '.Deleted Messages.Old/cur/1': 'd',
  };
  await bring(one, maildir({ ...files, '.archive.2020/cur/1': 'e' }));
  const names = async (account: Account) => Object.keys(await contents(account)).sort();
  assert.deepEqual(await names(one), ['Archive/2020', 'Deleted Messages/Old', 'INBOX', 'Junk', 'Sent']);
  await bring(two, maildir({ ...files, '.Sent/cur/1': 'e' }));
  assert.deepEqual(await names(two), ['Deleted Messages/Old', 'INBOX', 'Junk', 'Sent', 'Sent Items']);
});

test('folders inside a Maildir, and those that mbsync makes, are mailboxes', async () => {
  const { account } = await localEngine();
  const [one, two] = [await account(), await account()];
  await bring(
    one,
    maildir({ 'cur/1': 'a', 'Work/cur/1': 'b', 'Work/2020/new/1': 'c', '.Plus.x/cur/1': 'd' }),
  );
  assert.deepEqual(Object.keys(await contents(one)).sort(), ['INBOX', 'Plus/x', 'Work', 'Work/2020']);
  await bring(two, maildir({ 'Inbox/cur/1': 'a', 'Work/.2020/.inbox/cur/1': 'b', '.git/cur/1': 'no mail' }));
  assert.deepEqual(Object.keys(await contents(two)).sort(), ['INBOX', 'Work/2020/inbox']);
});

test('a folder of mbox files as Thunderbird and Apple Mail have them', async () => {
  const one = await (await localEngine()).account();
  const files = ['Inbox', 'Lists.sbd/ietf', 'Notes.mbox/mbox', 'Notes.mbox/Old.mbox/mbox', 'plain.mbox'];
  const root = maildir(Object.fromEntries(files.map((file) => [file, entry(file)])));
  writeFileSync(join(root, 'Inbox.msf'), 'an index');
  writeFileSync(join(root, 'plain.mbox.partial'), entry('of an export that was cut off'));
  const report = await bring(one, root);
  assert.equal(report.imported, 5);
  const all = await contents(one);
  assert.deepEqual(Object.keys(all).sort(), ['INBOX', 'Lists/ietf', 'Notes', 'Notes/Old', 'plain']);
});

test('one mailbox that cannot be, one file that cannot be read: told, and the others come', async () => {
  const one = await (await localEngine()).account();
  const levels = Array.from({ length: 60 }, () => 'x').join('.');
  const root = maildir({ 'cur/1': 'a', [`.${levels}/cur/1`]: 'b', 'cur/3': 'c' });
  mkdirSync(join(root, 'cur', '2'));
  const report = await bring(one, root);
  assert.equal(report.imported, 2);
  assert.equal(report.failed, 2);
  assert.match(report.failures.find(({ place }) => place === '2')!.reason, /^not a regular file$/);
  assert.match(
    report.failures.find(({ place }) => place !== '2')!.reason,
    /^no mailbox .*not a mailbox name/,
  );
});

test('what a Maildir calls a keyword and IMAP could not tell is left out, also where it would end a line', async () => {
  const root = maildir({
    'dovecot-keywords': '0 a)b\n1 čĊ*\n2 [todo]\n3 \\Deleted\n',
    'restante-keywords': `1\t[more] x(y čĊ* \\Seen ${'z'.repeat(201)}\n`,
    'cur/1:2,Fabcd': 'x',
  });
  const flags: string[] = [];
  for await (const message of (await sourceAt(root)).messages) flags.push(...message.flags);
  assert.deepEqual(flags.sort(), ['[more]', '[todo]', '\\Flagged']);
});

test('links that lead out of a Maildir are not followed and pipes not waited for: told, and the others come', async () => {
  const one = await (await localEngine()).account();
  const outside = maildir({ secret: 'not theirs', keywords: '0 Secret\n', 'mail/1:2,': 'not theirs' });
  const root = maildir({ 'cur/1:2,': 'a', '.Sent/new/1': 'b', '.Work/cur/1:2,a': 'c' });
  symlinkSync(join(outside, 'secret'), join(root, 'cur/2:2,'));
  execFileSync('mkfifo', [join(root, 'cur/3:2,'), join(root, 'dovecot-keywords')]);
  symlinkSync(join(outside, 'mail'), join(root, '.Sent/cur'));
  symlinkSync(join(outside, 'keywords'), join(root, '.Work/dovecot-keywords'));
  const { imported, failures } = await bring(one, root);
  assert.equal(imported, 3);
  const told = failures.map(({ place, reason }) => `${place}: ${reason}`).sort();
  assert.deepEqual(told, ['2', '3', '.Sent/cur'].map((place) => `${place}: not a regular file`).sort());
  assert.deepEqual(one.state.flags.knows('Secret'), false);
});

test('a message that a mail program moves from new to cur while they are listed comes once', async (t) => {
  const one = await (await localEngine()).account();
  const root = maildir({ 'cur/1:2,S': 'a', 'new/1': 'another that is called alike', 'new/2': 'b' });
  const { readdir } = fs;
  const listing = t.mock.method(fs, 'readdir', async (path: string, options: object) => {
    const names = await readdir(path, options);
    if (/\/(?:cur|new)$/.test(path))
      await rename(join(root, 'new/2'), join(root, 'cur/2:2,F')).catch(() => {});
    return names;
  });
  syncBuiltinESMExports();
  const source = await sourceAt(root);
  listing.mock.restore();
  syncBuiltinESMExports();
  assert.equal(source.total, 3);
  const run = await new MessageImport(one, source, { limit: 1000 }).run();
  assert.equal(run.ok && run.value.imported, 3);
});

test('a large file of a Maildir is not in memory as a whole, and comes byte for byte', async () => {
  const one = await (await localEngine()).account();
  const text = `Subject: x\r\n\r\n${'0123456789\r\n'.repeat(300_000)}`;
  const root = maildir({ 'cur/1': text, 'cur/2': text });
  const source = await sourceAt(root, undefined, 8 << 20);
  const run = await new MessageImport(one, source, { limit: 8 << 20 }).run();
  assert.ok(run.ok);
  assert.deepEqual([run.value.imported, run.value.bytes], [2, 2 * text.length]);
  const rows = (await contents(one)).INBOX as string[][];
  assert.ok(rows.every((row) => row[2] === text));
  const again = await new MessageImport(one, await sourceAt(root, undefined, 8 << 20), {
    limit: 8 << 20,
  }).run();
  assert.equal(again.ok && again.value.alreadyThere, 2);
  appendFileSync(join(root, 'cur/2'), 'more');
  for await (const { content } of (await sourceAt(root, undefined, 8 << 20)).messages)
    assert.ok('read' in content, 'streamed');
});
