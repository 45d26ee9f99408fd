import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import {
  type AccountId,
  type BlobKey,
  type LogPosition,
  newAccountId,
  objectKey,
  systemEntropy,
} from '../../shared/ids.ts';
import {
  type AccountLog,
  type AppendOutcome,
  type LogTail,
  StaleTail,
} from '../../shared/ports/account-log.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import { bytesOf, contentOf } from './bytes.ts';

export interface LogGround {
  readonly log: AccountLog;
  readonly blobs: BlobStore;
  /** The same data seen by another process. */
  another(): Promise<{ readonly log: AccountLog; readonly blobs: BlobStore }>;
}

/** What every AccountLog promises, with the BlobStore beside it. `make` cleans up by `t.after`. */
export function accountLogContract(make: (t: TestContext) => Promise<LogGround>): void {
  describe('AccountLog', () => {
    test('an unknown account has an empty log', async (t) => {
      const { log } = await make(t);
      assert.deepEqual(await log.read(newAccountId(systemEntropy), at(0)), {
        head: undefined,
        entries: [],
        more: false,
      });
    });

    test('entries are read back in order, after any position', async (t) => {
      const { log } = await make(t);
      const account = await filled(log, 5);
      assert.deepEqual(texts(await log.read(account, at(0))), ['1:e1', '2:e2', '3:e3', '4:e4', '5:e5']);
      assert.deepEqual(texts(await log.read(account, at(3))), ['4:e4', '5:e5']);
      assert.deepEqual(texts(await log.read(account, at(5))), []);
      assert.deepEqual(texts(await log.read(account, at(9))), []);
    });

    test('accounts do not touch each other', async (t) => {
      const { log } = await make(t);
      const [one, other] = [await filled(log, 2), await filled(log, 1)];
      assert.deepEqual(texts(await log.read(one, at(0))), ['1:e1', '2:e2']);
      assert.deepEqual(texts(await log.read(other, at(0))), ['1:e1']);
    });

    test('a slice of a larger buffer is stored as the slice', async (t) => {
      const { log } = await make(t);
      const account = newAccountId(systemEntropy);
      const buffer = Buffer.from('before|entry|after');
      assert.deepEqual(await append(log, account, 1, buffer.subarray(7, 12)), { kind: 'done' });
      assert.deepEqual(texts(await log.read(account, at(0))), ['1:entry']);
    });

    test('any bytes survive', async (t) => {
      const { log } = await make(t);
      const account = newAccountId(systemEntropy);
      const bytes = Uint8Array.from({ length: 16 * 1024 }, (_, i) => (i * 7) & 255);
      await append(log, account, 1, bytes);
      const { entries } = await log.read(account, at(0));
      assert.deepEqual(bytesOf(entries[0]!.bytes), bytesOf(bytes));
    });

    test('a used position answers with its occupant and stays as it is', async (t) => {
      const { log } = await make(t);
      const account = await filled(log, 2);
      assert.equal(occupant(await append(log, account, 1, 'late')), 'e1');
      assert.equal(occupant(await append(log, account, 2, 'late')), 'e2');
      assert.deepEqual(texts(await log.read(account, at(0))), ['1:e1', '2:e2']);
    });

    test('the same bytes sent again find themselves there', async (t) => {
      const { log } = await make(t);
      const account = newAccountId(systemEntropy);
      assert.deepEqual(await append(log, account, 1, 'mine'), { kind: 'done' });
      assert.equal(occupant(await append(log, account, 1, 'mine')), 'mine');
    });

    test('a position beyond the next one is refused as a bug', async (t) => {
      const { log } = await make(t);
      const account = await filled(log, 1);
      await assert.rejects(append(log, account, 3, 'gap'));
      await assert.rejects(append(log, newAccountId(systemEntropy), 2, 'gap'));
      assert.deepEqual(texts(await log.read(account, at(0))), ['1:e1']);
    });

    test('a tail read more than five minutes ago is refused', async (t) => {
      const { log } = await make(t);
      const account = newAccountId(systemEntropy);
      const request = { account, position: at(1), bytes: bytesOf('old'), blobs: [] };
      await assert.rejects(log.append({ ...request, readAt: Date.now() - 301_000 }), StaleTail);
      assert.deepEqual(texts(await log.read(account, at(0))), []);
      assert.deepEqual(await log.append({ ...request, readAt: Date.now() - 240_000 }), { kind: 'done' });
    });

    test('of a hundred appends to one position one is done and the others get its bytes', async (t) => {
      const { log } = await make(t);
      const account = await filled(log, 1);
      await oneWinner(
        account,
        Array.from({ length: 100 }, () => log),
        2,
      );
    });

    test('of the appends of two processes to one position one is done', async (t) => {
      const ground = await make(t);
      const other = await ground.another();
      const account = await filled(ground.log, 1);
      for (let position = 2; position < 12; position++)
        await oneWinner(account, [ground.log, other.log, ground.log, other.log], position);
      assert.equal((await other.log.read(account, at(0))).entries.length, 11);
    });

    test('what one process appended another reads at once', async (t) => {
      const ground = await make(t);
      const other = await ground.another();
      const account = newAccountId(systemEntropy);
      const key = objectKey(account, 'm', systemEntropy);
      await ground.blobs.put(key, bytesOf('a message'));
      await append(ground.log, account, 1, 'e1', [key]);
      assert.deepEqual(texts(await other.log.read(account, at(0))), ['1:e1']);
      assert.equal(await contentOf(await other.blobs.get(key)), 'a message');
    });

    test('an append carries all blobs that it names, of every size', async (t) => {
      const ground = await make(t);
      const account = newAccountId(systemEntropy);
      const sizes = [0, 1, 15_000, 131_072, 131_073, 400_000];
      const keys = sizes.map(() => objectKey(account, 'm', systemEntropy));
      for (const [i, key] of keys.entries()) await ground.blobs.put(key, new Uint8Array(sizes[i]!).fill(i));
      assert.deepEqual(await append(ground.log, account, 1, 'e1', keys), { kind: 'done' });
      const other = await ground.another();
      for (const [i, key] of keys.entries()) assert.equal((await other.blobs.get(key))?.size, sizes[i]);
    });

    test('a loser may name its blobs again at the next position', async (t) => {
      const ground = await make(t);
      const account = await filled(ground.log, 1);
      const key = objectKey(account, 'm', systemEntropy);
      await ground.blobs.put(key, bytesOf('late'));
      assert.equal(occupant(await append(ground.log, account, 1, 'late', [key])), 'e1');
      assert.deepEqual(await append(ground.log, account, 2, 'late', [key]), { kind: 'done' });
      const other = await ground.another();
      assert.equal(await contentOf(await other.blobs.get(key)), 'late');
    });

    test('a long tail comes in pages without gaps', async (t) => {
      const { log } = await make(t);
      const account = newAccountId(systemEntropy);
      const big = 'x'.repeat(16_000);
      for (let position = 1; position <= 150; position++)
        await append(log, account, position, `${position}${big}`);
      const seen: number[] = [];
      for (let after = 0, more = true; more; ) {
        const tail = await log.read(account, at(after));
        assert.ok(tail.entries.length > 0);
        seen.push(...tail.entries.map(({ position }) => position));
        ({ more } = tail);
        after = seen.at(-1)!;
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 150 }, (_, i) => i + 1),
      );
    });

    test('the head moves forwards only', async (t) => {
      const ground = await make(t);
      const account = await filled(ground.log, 5);
      const [first, second] = [await manifest(ground, account), await manifest(ground, account)];
      assert.equal(await ground.log.moveHead(account, { position: at(3), manifest: first }), true);
      assert.equal(await ground.log.moveHead(account, { position: at(3), manifest: second }), false);
      assert.equal(await ground.log.moveHead(account, { position: at(2), manifest: second }), false);
      assert.deepEqual((await ground.log.read(account, at(0))).head, { position: 3, manifest: first });
      assert.equal(await ground.log.moveHead(account, { position: at(5), manifest: second }), true);
      assert.deepEqual((await ground.log.read(account, at(4))).head, { position: 5, manifest: second });
    });

    test('of several moves of the head to one position one succeeds', async (t) => {
      const ground = await make(t);
      const account = await filled(ground.log, 3);
      const keys = await Promise.all(Array.from({ length: 8 }, () => manifest(ground, account)));
      const moved = await Promise.all(
        keys.map((key) => ground.log.moveHead(account, { position: at(3), manifest: key })),
      );
      assert.equal(moved.filter(Boolean).length, 1);
      assert.equal((await ground.log.read(account, at(0))).head?.manifest, keys[moved.indexOf(true)]);
    });

    test('a moved head makes durable what was put for the account before', async (t) => {
      const ground = await make(t);
      const account = await filled(ground.log, 2);
      const segment = objectKey(account, 's', systemEntropy);
      await ground.blobs.put(segment, bytesOf('segment'));
      const key = await manifest(ground, account);
      await ground.log.moveHead(account, { position: at(2), manifest: key });
      const other = await ground.another();
      assert.equal(await contentOf(await other.blobs.get(segment)), 'segment');
      assert.equal(await contentOf(await other.blobs.get(key)), 'manifest');
    });

    test('a new reader starts after the head; an old one misses nothing', async (t) => {
      const ground = await make(t);
      const account = await filled(ground.log, 6);
      await ground.log.moveHead(account, { position: at(4), manifest: await manifest(ground, account) });
      assert.deepEqual(texts(await ground.log.read(account, at(0))), ['5:e5', '6:e6']);
      assert.deepEqual(texts(await ground.log.read(account, at(5))), ['6:e6']);
      const behind = await ground.log.read(account, at(2));
      assert.equal(behind.head?.position, 4);
      assert.ok([3, 5].includes(behind.entries[0]!.position));
      assert.equal(behind.entries.at(-1)?.position, 6);
    });

    test('the end of a log is its head and its last entry, whatever is folded or trimmed', async (t) => {
      const ground = await make(t);
      const { log } = ground;
      const endOf = async (account: AccountId) => {
        const { head, last } = await log.readEnd(account);
        return [head?.position, last && `${last.position}:${Buffer.from(last.bytes)}`];
      };
      assert.deepEqual(await endOf(newAccountId(systemEntropy)), [undefined, undefined]);
      const account = await filled(log, 1);
      assert.deepEqual(await endOf(account), [undefined, '1:e1']);
      for (const position of [2, 3, 4]) await append(log, account, position, `e${position}`);
      const other = await ground.another();
      assert.deepEqual(await other.log.readEnd(account), await log.readEnd(account));
      await log.moveHead(account, { position: at(3), manifest: await manifest(ground, account) });
      assert.deepEqual(await endOf(account), [3, '4:e4']);
      await log.moveHead(account, { position: at(4), manifest: await manifest(ground, account) });
      await log.trim(account, at(4));
      assert.deepEqual(await endOf(account), [4, '4:e4']);
      assert.deepEqual(await append(other.log, account, 5, 'e5'), { kind: 'done' });
      assert.deepEqual(await endOf(account), [4, '5:e5']);
    });

    test('the end of a log whose head is beyond all entries shows that', async (t) => {
      const ground = await make(t);
      const account = await filled(ground.log, 3);
      const head = { position: at(1_000), manifest: await manifest(ground, account) };
      await ground.log.moveHead(account, head);
      const end = await ground.log.readEnd(account);
      assert.deepEqual(end.head, head);
      assert.ok(end.last === undefined || end.last.position < 1_000);
      await append(ground.log, account, 1_001, 'next');
      assert.equal((await ground.log.readEnd(account)).last?.position, 1_001);
    });

    test('trimming takes only what the head has folded', async (t) => {
      const ground = await make(t);
      const account = await filled(ground.log, 6);
      await ground.log.trim(account, at(6));
      assert.equal((await ground.log.read(account, at(0))).entries.length, 6);
      await ground.log.moveHead(account, { position: at(4), manifest: await manifest(ground, account) });
      await ground.log.trim(account, at(6));
      const tail = await ground.log.read(account, at(1));
      assert.equal(tail.head?.position, 4);
      assert.deepEqual(texts(tail), ['5:e5', '6:e6']);
    });

    test('a used number is never free again, trimmed or not', async (t) => {
      const ground = await make(t);
      const account = await filled(ground.log, 6);
      await ground.log.moveHead(account, { position: at(6), manifest: await manifest(ground, account) });
      await ground.log.trim(account, at(6));
      const trimmed = await append(ground.log, account, 3, 'again');
      assert.deepEqual(trimmed, { kind: 'taken', occupant: undefined });
      assert.equal(occupant(await append(ground.log, account, 6, 'again')), 'e6', 'the last entry stays');
      assert.deepEqual(await append(ground.log, account, 7, 'e7'), { kind: 'done' });
      assert.deepEqual(texts(await ground.log.read(account, at(6))), ['7:e7']);
    });

    test('below a head that is beyond the last entry nothing is appended, by another process either', async (t) => {
      const ground = await make(t);
      const { log } = ground;
      const account = await filled(log, 3);
      const other = await ground.another();
      assert.equal((await other.log.read(account, at(0))).entries.length, 3);
      const head = { position: at(1_000), manifest: await manifest(ground, account) };
      assert.equal(await log.moveHead(account, head), true);
      for (const position of [4, 5, 1_000])
        assert.deepEqual(await append(other.log, account, position, 'late'), {
          kind: 'taken',
          occupant: undefined,
        });
      assert.deepEqual(texts(await other.log.read(account, at(3))), []);
      assert.deepEqual(await append(other.log, account, 1_001, 'next'), { kind: 'done' });
      for (const after of [0, 2, 3])
        assert.deepEqual(texts(await log.read(account, at(after))), ['1001:next'], `after ${after}`);
      await log.trim(account, at(1_000));
      assert.deepEqual(texts(await other.log.read(account, at(1_000))), ['1001:next']);
    });

    test('a dropped log is gone, others stay', async (t) => {
      const ground = await make(t);
      const [account, other] = [await filled(ground.log, 3), await filled(ground.log, 1)];
      await ground.log.moveHead(account, { position: at(2), manifest: await manifest(ground, account) });
      await ground.log.drop(account);
      assert.deepEqual(await ground.log.read(account, at(0)), { head: undefined, entries: [], more: false });
      assert.equal((await ground.log.read(other, at(0))).entries.length, 1);
      await ground.log.drop(newAccountId(systemEntropy));
    });
  });
}

const at = (position: number): LogPosition => position as LogPosition;

const texts = ({ entries }: LogTail): string[] =>
  entries.map(({ position, bytes }) => `${position}:${Buffer.from(bytes).toString()}`);

function append(
  log: AccountLog,
  account: AccountId,
  position: number,
  bytes: string | Uint8Array,
  blobs: readonly BlobKey[] = [],
): Promise<AppendOutcome> {
  const entry = typeof bytes === 'string' ? bytesOf(bytes) : bytes;
  return log.append({ account, position: at(position), bytes: entry, blobs, readAt: Date.now() });
}

/** A new account with entries e1, e2 … */
async function filled(log: AccountLog, count: number): Promise<AccountId> {
  const account = newAccountId(systemEntropy);
  for (let position = 1; position <= count; position++)
    assert.deepEqual(await append(log, account, position, `e${position}`), { kind: 'done' });
  return account;
}

async function manifest({ blobs }: LogGround, account: AccountId): Promise<BlobKey> {
  const key = objectKey(account, 'manifest', systemEntropy);
  await blobs.put(key, bytesOf('manifest'));
  return key;
}

function occupant(outcome: AppendOutcome): string {
  assert.equal(outcome.kind, 'taken');
  assert.ok(outcome.kind === 'taken' && outcome.occupant);
  return Buffer.from(outcome.occupant).toString();
}

async function oneWinner(account: AccountId, logs: readonly AccountLog[], position: number): Promise<void> {
  const outcomes = await Promise.all(logs.map((log, i) => append(log, account, position, `from ${i}`)));
  const winner = outcomes.findIndex(({ kind }) => kind === 'done');
  assert.notEqual(winner, -1);
  for (const [i, outcome] of outcomes.entries())
    if (i !== winner) assert.equal(occupant(outcome), `from ${winner}`);
}
