import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { rebuildAccount } from '../../services/maintenance/rebuild/rebuild-account.ts';
import { appendMessages, expungeMessages } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { collect } from '../../shared/engine/message-index.ts';
import { inboxId } from '../../shared/engine/state.ts';
import type { BlobKey } from '../../shared/ids.ts';
import { localEngine } from '../support/local-engine.ts';
import { subjects } from '../support/mail.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const task = { mailbox: 'Recovered', mode: 'do', leases: 'respected', uidValidityFloor: 0 } as const;

async function place() {
  const folder = temporaryFolder();
  const local = await localEngine({}, folder);
  const account = await local.account();
  const { log, blobs, leases, notifier } = local.store;
  const restarted = () => localEngine({ log, blobs, leases, notifier });
  return {
    account,
    async append(text: string): Promise<void> {
      const staged = await account.stage(Buffer.from(text));
      assert.ok(staged.ok);
      const request = { message: staged.value, flags: [], internalDate: undefined };
      assert.ok((await account.commit(appendMessages('INBOX', [request]))).ok);
    },
    damage(sql: string): void {
      const db = new DatabaseSync(join(folder, 'restante.db'), { timeout: 5000 });
      db.exec(sql);
      db.close();
    },
    /** A rebuild that has prepared all, and dies before the head moves: its objects are in the store, as in a bucket. */
    async deadRebuild(): Promise<void> {
      const { parts } = (await restarted()).engine;
      const prepared = new Map<BlobKey, Uint8Array>();
      const put = async (key: BlobKey, body: Uint8Array | AsyncIterable<Uint8Array>) => {
        prepared.set(key, await collect(body));
        return parts.blobs.put(key, prepared.get(key)!);
      };
      const blobs = Object.create(parts.blobs, { put: { value: put } });
      for (const name of ['get', 'list', 'delete'] as const)
        Object.defineProperty(blobs, name, { value: parts.blobs[name].bind(parts.blobs) });
      const log = {
        read: parts.log.read.bind(parts.log),
        moveHead: () => Promise.reject(new Error('died')),
      } as unknown as typeof parts.log;
      await assert.rejects(rebuildAccount(account.id, { ...parts, blobs, log }, task), /died/);
      const db = new DatabaseSync(join(folder, 'restante.db'), { timeout: 5000 });
      for (const [key, bytes] of prepared)
        db.prepare('INSERT INTO blobs (key, size, bytes) VALUES (?, ?, ?)').run(key, bytes.length, bytes);
      db.close();
    },
    async rebuilt() {
      const { engine } = await restarted();
      const done = await rebuildAccount(account.id, engine.parts, task);
      assert.ok(done.ok);
      const opened = await engine.open(account.id);
      assert.ok(opened.ok);
      return { recovered: done.value.recovered, account: opened.value.account };
    },
  };
}

const nothingLeft = "DELETE FROM entries; DELETE FROM heads; DELETE FROM blobs WHERE key NOT LIKE '%/m/%'";
const mail = (subject: string, text: string) =>
  `Subject: ${subject}\r\nMessage-ID: <one@example.test>\r\n\r\n${text}\r\n`;
const traced = (id: number, message: string) =>
  `Return-Path: <x@example.test>\r\nReceived: from a ([192.0.2.1])\r\n\tby b (Restante) with ESMTP id ${id}\r\n${message}`;

test('versions of a draft have one Message-ID, and all come back', async () => {
  const { append, damage, rebuilt } = await place();
  // Of other length, and of the same.
  for (const subject of ['draft', 'draft 2', 'draft 3']) await append(mail(subject, 'text'));
  damage(nothingLeft);
  const { account, recovered } = await rebuilt();
  assert.deepEqual((await subjects(account, 'Recovered')).sort(), ['draft', 'draft 2', 'draft 3']);
  assert.equal(recovered.repeated, 0);
});

test('attempts at a delivery, which differ in their trace only, come back once', async () => {
  const { append, damage, rebuilt } = await place();
  for (const id of [1, 22, 333]) await append(traced(id, mail('attempt', 'text')));
  await append(traced(333, mail('another', 'text')));
  damage(nothingLeft);
  const { account, recovered } = await rebuilt();
  assert.deepEqual((await subjects(account, 'Recovered')).sort(), ['another', 'attempt']);
  assert.equal(recovered.repeated, 2);
});

test('an attempt at a message that is in a mailbox does not come back', async () => {
  const { account: before, append, damage, rebuilt } = await place();
  await append(traced(1, mail('attempt', 'text')));
  const { position } = before.state;
  await append(traced(22, mail('attempt', 'text')));
  damage(`DELETE FROM entries WHERE position > ${position}`);
  const { account, recovered } = await rebuilt();
  assert.deepEqual(await subjects(account, 'INBOX'), ['attempt']);
  assert.deepEqual([recovered.messages, recovered.repeated], [0, 1]);
});

test('a message that was expunged does not stand for one that was put back since', async () => {
  const { account: before, append, damage, rebuilt } = await place();
  await append(mail('put back', 'text'));
  assert.ok((await before.commit(expungeMessages(inboxId, everyUid))).ok);
  const { position } = before.state;
  await append(mail('put back', 'text'));
  damage(`DELETE FROM entries WHERE position > ${position}`);
  const { account } = await rebuilt();
  assert.deepEqual(await subjects(account, 'Recovered'), ['put back']);
});

test('a rebuild that died before the head moved leaves nothing that another takes for a snapshot of the log', async () => {
  const { append, deadRebuild, rebuilt } = await place();
  await append(mail('before', 'text'));
  await deadRebuild();
  await append(mail('after', 'text'));
  const { account, recovered } = await rebuilt();
  assert.deepEqual(await subjects(account, 'INBOX'), ['before', 'after']);
  assert.equal(recovered.messages, 0);
});
