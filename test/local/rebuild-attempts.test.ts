import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { rebuildAccount } from '../../services/maintenance/rebuild/rebuild-account.ts';
import { verifyAccount } from '../../services/maintenance/verify/verify-account.ts';
import { appendMessages, expungeMessages } from '../../shared/engine/actions.ts';
import type { EngineParts } from '../../shared/engine/engine.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { createMailbox, setLimit } from '../../shared/engine/mailbox-actions.ts';
import { collect } from '../../shared/engine/message-index.ts';
import { purgeExpunged } from '../../shared/engine/retention.ts';
import { loadSnapshot } from '../../shared/engine/snapshot-loader.ts';
import { isManifestKey } from '../../shared/engine/snapshot-objects.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { type BlobKey, kindOfKey } from '../../shared/ids.ts';
import { type ByteRange, StoreUnavailable } from '../../shared/ports/blob-store.ts';
import { localEngine } from '../support/local-engine.ts';
import { subjects } from '../support/mail.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { day, testClock } from '../support/test-clock.ts';

const task = { mailbox: 'Recovered', mode: 'do', leases: 'respected', uidValidityFloor: 0 } as const;

async function place() {
  const folder = temporaryFolder();
  const local = await localEngine({}, folder);
  const account = await local.account();
  const { log, blobs, leases, notifier } = local.store;
  const restarted = () => localEngine({ log, blobs, leases, notifier });
  /** What a rebuild puts is in the store at once, as in a bucket, whatever becomes of it. */
  const inBucket = async (attempt: (parts: EngineParts) => Promise<unknown>): Promise<readonly BlobKey[]> => {
    const { parts } = (await restarted()).engine;
    const prepared = new Map<BlobKey, Uint8Array>();
    const put = async (key: BlobKey, body: Uint8Array | AsyncIterable<Uint8Array>) => {
      prepared.set(key, await collect(body));
      return parts.blobs.put(key, prepared.get(key)!);
    };
    const bucket = Object.create(parts.blobs, { put: { value: put } });
    for (const name of ['get', 'list', 'delete'] as const)
      Object.defineProperty(bucket, name, { value: parts.blobs[name].bind(parts.blobs) });
    await attempt({ ...parts, blobs: bucket });
    const db = new DatabaseSync(join(folder, 'restante.db'), { timeout: 5000 });
    const insert = db.prepare('INSERT OR IGNORE INTO blobs (key, size, bytes) VALUES (?, ?, ?)');
    for (const [key, bytes] of prepared) insert.run(key, bytes.length, bytes);
    db.close();
    return [...prepared.keys()];
  };
  return {
    account,
    store: { log, blobs, leases, notifier },
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
    /** A rebuild that has prepared all, and dies before the head moves. */
    deadRebuild: () =>
      inBucket(async (parts) => {
        const log = {
          read: parts.log.read.bind(parts.log),
          moveHead: () => Promise.reject(new Error('died')),
        } as unknown as typeof parts.log;
        await assert.rejects(rebuildAccount(account.id, { ...parts, log }, task), /died/);
      }),
    triedRebuild: () =>
      inBucket(async (parts) =>
        assert.ok((await rebuildAccount(account.id, parts, { ...task, mode: 'try' })).ok),
      ),
    /** A rebuild just before whose last step somebody else writes, so many times. */
    async hinderedRebuild(times: number) {
      const { parts } = (await restarted()).engine;
      let hindered = 0;
      const log = {
        read: parts.log.read.bind(parts.log),
        moveHead: async (...move: Parameters<typeof parts.log.moveHead>) => {
          if (hindered++ < times)
            assert.ok((await account.commit(createMailbox(`Meanwhile ${hindered}`))).ok);
          return parts.log.moveHead(...move);
        },
      } as unknown as typeof parts.log;
      return rebuildAccount(account.id, { ...parts, log, sleep: async () => {} }, task);
    },
    /** Of a snapshot. */
    positionOf: async (manifest: BlobKey) => (await loadSnapshot(blobs, manifest)).state.position,
    /** What is found to be wrong. */
    async verified(): Promise<readonly string[]> {
      const { findings } = await verifyAccount((await restarted()).engine, account.id, 'deep');
      return findings.map(({ what }) => what);
    },
    /** A rebuild on a store that does not answer when it is asked for some objects. */
    async brokenRebuild(broken: (key: BlobKey) => boolean) {
      const { parts } = (await restarted()).engine;
      const get = async (key: BlobKey, range?: ByteRange) => {
        if (broken(key)) throw new StoreUnavailable('no answer');
        return parts.blobs.get(key, range);
      };
      const bucket = Object.create(parts.blobs, { get: { value: get } });
      for (const name of ['put', 'list', 'delete'] as const)
        Object.defineProperty(bucket, name, { value: parts.blobs[name].bind(parts.blobs) });
      return rebuildAccount(account.id, { ...parts, blobs: bucket }, task);
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

test('nor where the log has come to its position since, and its own snapshots are lost', async () => {
  const { account, append, damage, deadRebuild, positionOf, rebuilt } = await place();
  await append(mail('before', 'text'));
  const left = (await deadRebuild()).filter(isManifestKey);
  assert.equal(left.length, 1);
  const position = await positionOf(left[0]!);
  await append(mail('after', 'text'));
  while (account.state.position < position + 2)
    assert.ok((await account.commit(setLimit(account.state.position + 1e6))).ok);
  await account.settle();
  damage("DELETE FROM heads; DELETE FROM blobs WHERE key LIKE '%/x/%'");
  const { account: after } = await rebuilt();
  assert.deepEqual(await subjects(after, 'INBOX'), ['before', 'after']);
});

test('a rebuild that was only tried leaves no snapshot, and a check finds nothing wrong after it', async () => {
  const { account, append, damage, triedRebuild, verified } = await place();
  for (const subject of ['one', 'two']) await append(mail(subject, 'text'));
  const { position } = account.state;
  await append(mail('three', 'text'));
  damage(`DELETE FROM entries WHERE position > ${position}`);
  const left = await triedRebuild();
  assert.deepEqual(left.filter(isManifestKey), []);
  assert.deepEqual(await verified(), []);
});

test('what others write while a rebuild is prepared is in it', async () => {
  const { append, hinderedRebuild, rebuilt } = await place();
  await append(mail('before', 'text'));
  const done = await hinderedRebuild(3);
  assert.ok(done.ok);
  const { account } = await rebuilt();
  for (const n of [1, 2, 3]) assert.ok(account.state.mailboxes.named(`Meanwhile ${n}`));
});

test('a rebuild to which others write whenever it is prepared changes nothing, and says so', async () => {
  const { account, append, hinderedRebuild, verified } = await place();
  await append(mail('before', 'text'));
  const { uidValidity } = account.state.mailboxes.named('INBOX')!;
  assert.deepEqual(await hinderedRebuild(1_000), { ok: false, error: { kind: 'busy' } });
  await account.catchUp();
  assert.equal(account.state.mailboxes.named('INBOX')?.uidValidity, uidValidity);
  assert.ok(account.state.mailboxes.named('Meanwhile 10'));
  assert.deepEqual(await verified(), []);
});

test('a store that does not answer for a moment ends a rebuild, and nothing has changed', async () => {
  const { account, append, brokenRebuild, verified } = await place();
  for (let n = 0; n < 3; n++) await append(mail(`message ${n}`, 'text'));
  await account.compact();
  await append(mail('last', 'text'));
  const { uidValidity } = account.state.mailboxes.named('INBOX')!;
  for (const kind of ['x', 'i', 'h']) {
    const done = await brokenRebuild((key) => kindOfKey(key) === kind);
    assert.ok(!done.ok && done.error.kind === 'unavailable', kind);
  }
  await account.catchUp();
  assert.equal(account.state.mailboxes.named('INBOX')?.uidValidity, uidValidity);
  assert.deepEqual(await verified(), []);
});

test('an account that was written to by a clock a month ahead is made anew, and can be written to', async () => {
  const clock = testClock(Date.now() + 30 * day);
  const folder = temporaryFolder();
  const ahead = await localEngine({ entropy: clock }, folder);
  const { id } = await ahead.account();
  const { log, blobs, leases, notifier } = ahead.store;
  const { engine } = await localEngine({ log, blobs, leases, notifier });
  const write = () => engine.with(id, (account) => account.commit(createMailbox('Work')));
  assert.ok(!(await write()).ok);
  assert.ok((await rebuildAccount(id, engine.parts, task)).ok);
  assert.ok((await write()).ok);
});

test('what was put and named by no entry yet survives the purge of what a rebuild took it for', async () => {
  const { account, append, rebuilt, store } = await place();
  await append(mail('before', 'text'));
  const staged = await account.stage(Buffer.from(mail('under way', 'text')));
  assert.ok(staged.ok);
  const { account: after } = await rebuilt();
  assert.deepEqual(await subjects(after, 'Recovered'), ['under way']);
  const request = { message: staged.value, flags: [], internalDate: undefined };
  assert.ok((await after.commit(appendMessages('INBOX', [request]))).ok);
  const recovered = after.state.mailboxes.named('Recovered')!;
  assert.ok((await after.commit(expungeMessages(recovered.id, everyUid))).ok);
  const inAWhile = Math.floor(Date.now() / 1000) + 10;
  const purged = await purgeExpunged(after, { blobs: store.blobs, sleep: async () => {} }, inAWhile);
  assert.ok(purged.ok && purged.value.messages === 1);
  assert.deepEqual(await subjects(after, 'INBOX'), ['before', 'under way']);
  const { findings } = await verifyAccount((await localEngine(store)).engine, after.id, 'deep');
  assert.deepEqual(findings, []);
});

test('headers that cannot be read cost their messages their places, and not what was done since an older snapshot', async () => {
  const { account, append, damage, rebuilt, store } = await place();
  await append(mail('one', 'text'));
  await account.compact();
  await append(mail('two', 'text'));
  assert.ok((await account.commit(createMailbox('Work'))).ok);
  await account.compact();
  const { messages, state } = account.snapshot!;
  const headers = messages.segments.map(({ key }) => key);
  for (const key of headers) assert.ok(await store.blobs.get(key));
  damage(
    `DELETE FROM entries WHERE position <= ${state.position - 1}; DELETE FROM blobs WHERE key = '${headers.at(-1)}'`,
  );
  const { account: after } = await rebuilt();
  assert.ok(after.state.mailboxes.named('Work'));
  const found = ['INBOX', 'Recovered'].map((name) => subjects(after, name).catch(() => []));
  assert.deepEqual((await Promise.all(found)).flat().sort(), ['one', 'two']);
});
