import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exportAccount } from '../../../services/local/transfer/export-account.ts';
import type { Account } from '../../../shared/engine/account.ts';
import { appendMessages, storeFlags } from '../../../shared/engine/actions.ts';
import { allUids } from '../../../shared/engine/mailbox.ts';
import { createMailbox, setLimit } from '../../../shared/engine/mailbox-actions.ts';
import { messageKey } from '../../../shared/ids.ts';
import { localEngine } from '../../support/local-engine.ts';
import { generateMessages } from '../../support/messages.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { bring, contents, limit } from './transfer-harness.ts';

async function filled(account: Account): Promise<void> {
  const odd = ['Subject: no end', 'a: b\n\nFrom the start\n>From x', '\r\n', 'x\r\r\n\n', 'From me\r\n\r\n'];
  const bodies = [...odd.map((text) => Buffer.from(text)), ...generateMessages(40, 7)];
  for (const [i, bytes] of bodies.entries()) {
    const staged = await account.stage(bytes);
    assert.ok(staged.ok);
    const keywords = Array.from({ length: i % 5 }, (_, k) => `word${(i * 7 + k) % 40}`);
    const flags = [...(i % 2 ? ['\\Seen'] : []), ...(i % 3 ? [] : ['\\Flagged', '$Forwarded']), ...keywords];
    const request = { message: staged.value, flags, internalDate: 1_500_000_000 - i * 1000 };
    const appended = await account.commit(appendMessages(i % 4 ? 'INBOX' : 'Archive', [request]));
    assert.ok(appended.ok);
  }
}

for (const format of ['maildir', 'mbox'] as const)
  test(`an account comes back from ${format} as it was: bytes, order, flags, dates`, async () => {
    const { account } = await localEngine();
    const [one, two] = [await account(), await account()];
    await filled(one);
    const path = join(temporaryFolder(), 'export');
    const plan = { format, path, mailboxes: [...one.state.mailboxes], single: false };
    const report = await exportAccount(one, plan);
    assert.deepEqual(report, { written: 45, alreadyThere: 0, failures: [], failed: 0 });
    assert.equal((await bring(two, path)).imported, 45);
    assert.deepEqual(await contents(two), await contents(one));
    assert.equal((await bring(two, path)).alreadyThere, 45, 'a second import brings nothing');
  });

for (const format of ['maildir', 'mbox'] as const)
  test(`a message whose bytes cannot be read is told of by its UID, and the others are in the ${format}`, async () => {
    const { account, store } = await localEngine();
    const [one, two] = [await account(), await account()];
    await filled(one);
    const inbox = one.state.mailboxes.named('INBOX')!;
    const [lost] = await one.emailIds([inbox.chunks[0]!.fixed.message[4]!]);
    await store.blobs.delete([messageKey(one.id, lost!)]);
    const path = join(temporaryFolder(), 'export');
    const plan = { format, path, mailboxes: [inbox], single: true };
    const report = await exportAccount(one, plan);
    assert.deepEqual([report.written, report.failed], [inbox.exists - 1, 1]);
    assert.match(report.failures[0]!.reason, /^UID 5: /);
    assert.equal((await exportAccount(one, plan)).alreadyThere, inbox.exists - 1, 'the same again');
    assert.equal((await bring(two, path)).imported, inbox.exists - 1);
  });

test('mailboxes below ones that are called as the folders of a Maildir come back from mbox files', async () => {
  const { account } = await localEngine();
  const [one, two] = [await account(), await account()];
  for (const name of ['new/a', 'Projects/cur/b', 'Projects/new', 'tmp/c']) {
    assert.ok((await one.commit(createMailbox(name))).ok);
    const staged = await one.stage(Buffer.from(name));
    assert.ok(staged.ok);
    const request = { message: staged.value, flags: [], internalDate: 1_500_000_000 };
    assert.ok((await one.commit(appendMessages(name, [request]))).ok);
  }
  const path = join(temporaryFolder(), 'export');
  await exportAccount(one, { format: 'mbox', path, mailboxes: [...one.state.mailboxes], single: false });
  assert.equal((await bring(two, path)).imported, 4);
  assert.deepEqual(await contents(two), await contents(one));
});

test('a repeated export writes what is new, brings flags up to date, and leaves the files of others alone', async () => {
  const { account } = await localEngine();
  const one = await account();
  await filled(one);
  const path = join(temporaryFolder(), 'export');
  const exporting = () => {
    const inbox = one.state.mailboxes.named('INBOX')!;
    return exportAccount(one, { format: 'maildir', path, mailboxes: [inbox], single: true });
  };
  await exporting();
  writeFileSync(join(path, 'cur', '1.foreign:2,S'), 'theirs');
  const inbox = one.state.mailboxes.named('INBOX')!;
  await one.commit(storeFlags(inbox.id, allUids(inbox), 'replace', ['\\Answered']));
  const again = await exporting();
  assert.deepEqual(again.failures, []);
  assert.equal(again.written, 0);
  const names = readdirSync(join(path, 'cur'));
  assert.equal(names.filter((name) => name.endsWith(':2,R')).length, inbox.exists);
  assert.equal(readFileSync(join(path, 'cur', '1.foreign:2,S'), 'utf8'), 'theirs');
});

test('an mbox file that is there already is not written over', async () => {
  const { account } = await localEngine();
  const one = await account();
  const path = join(temporaryFolder(), 'inbox.mbox');
  writeFileSync(path, 'precious');
  const plan = {
    format: 'mbox',
    path,
    mailboxes: [one.state.mailboxes.named('INBOX')!],
    single: true,
  } as const;
  assert.equal((await exportAccount(one, plan)).failures.length, 1);
  assert.equal(readFileSync(path, 'utf8'), 'precious');
});

test('an export to mbox files that was cut off is repeated: what is there and the same stays, the rest is written', async () => {
  const { account } = await localEngine();
  const one = await account();
  await filled(one);
  const path = join(temporaryFolder(), 'export');
  const plan = { format: 'mbox', path, mailboxes: [...one.state.mailboxes], single: false } as const;
  await exportAccount(one, plan);
  const whole = readFileSync(join(path, 'INBOX.mbox'));
  rmSync(join(path, 'INBOX.mbox'));
  writeFileSync(join(path, 'INBOX.mbox.partial'), whole.subarray(0, 1000));
  const archived = one.state.mailboxes.named('Archive')!.exists;
  const expected = { written: 45 - archived, alreadyThere: archived, failures: [], failed: 0 };
  assert.deepEqual(await exportAccount(one, plan), expected);
  assert.deepEqual(readFileSync(join(path, 'INBOX.mbox')), whole);
  for (const other of [whole.subarray(0, -1), Buffer.concat([whole, Buffer.from('x')])]) {
    writeFileSync(join(path, 'INBOX.mbox'), other);
    const { failures } = await exportAccount(one, plan);
    assert.deepEqual(
      failures.map(({ mailbox }) => mailbox),
      ['INBOX'],
    );
    assert.deepEqual(readFileSync(join(path, 'INBOX.mbox')), other);
  }
});

test('a Maildir of another program: subfolders, flags, keywords, dates, and what cannot be taken is reported', async () => {
  const root = temporaryFolder();
  for (const folder of ['cur', 'new', 'tmp', '.Sent.2020/cur', '.&U,BTFw-/new'])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'dovecot-keywords'), '0 $Important\n1 Work\n');
  const put = (name: string, text: string, seconds: number) => {
    writeFileSync(join(root, name), text);
    utimesSync(join(root, name), seconds, seconds);
  };
  put('cur/100.a.host:2,FSb', 'one', 1_400_000_000);
  put('new/101.b.host', 'two', 1_400_000_001);
  put('cur/102.c.host:2,', '', 1_400_000_002);
  put('cur/103.d.host:2,', 'x'.repeat(limit + 1), 1_400_000_002);
  put('.Sent.2020/cur/1.x:2,Sa', 'three', 1_400_000_003);
  put('.&U,BTFw-/new/1.y', 'four', 1_400_000_004);
  const { account } = await localEngine();
  const one = await account();
  const report = await bring(one, root);
  assert.deepEqual(
    report.failures.map(({ place }) => place),
    ['cur/102.c.host', 'cur/103.d.host'].map((place) => place.slice(4)),
  );
  assert.deepEqual(await contents(one), {
    INBOX: [
      [1_400_000_000, ['Work', '\\Flagged', '\\Seen'], 'one'],
      [1_400_000_001, [], 'two'],
    ],
    'Sent/2020': [[1_400_000_003, ['\\Seen'], 'three']],
    台北: [[1_400_000_004, [], 'four']],
  });
});

test('folders one inside another are mailboxes, and --mailbox puts them below', async () => {
  const root = temporaryFolder();
  for (const folder of ['INBOX/cur', 'Work/2020/new']) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, 'INBOX/cur/1'), 'a');
  writeFileSync(join(root, 'Work/2020/new/1'), 'b');
  const { account } = await localEngine();
  const one = await account();
  await bring(one, root, 'Old');
  assert.deepEqual(Object.keys(await contents(one)).sort(), ['Old', 'Old/Work/2020']);
});

test('over the quota, what still fits is taken and the rest is reported', async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'cur'));
  for (let i = 1; i <= 8; i++) writeFileSync(join(root, 'cur', `${i}.m`), 'x'.repeat(i === 4 ? 900 : 100));
  const { account } = await localEngine();
  const one = await account();
  await one.commit(setLimit(800));
  const report = await bring(one, root);
  assert.equal(report.imported, 7);
  assert.deepEqual(
    report.failures.map(({ place }) => place),
    ['4.m'],
  );
  assert.equal(statSync(join(root, 'cur/4.m')).size, 900);
});
