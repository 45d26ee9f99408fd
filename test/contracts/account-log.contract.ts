import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AccountId, newAccountId, objectKey, systemEntropy } from '../../shared/ids.ts';
import { type AccountLog, StaleTail } from '../../shared/ports/account-log.ts';
import { logHeadContract } from './account-log-head.contract.ts';
import { bytesOf, contentOf } from './bytes.ts';
import { append, at, filled, type MakeLog, manifest, occupant, texts } from './log-ground.ts';

/** What every AccountLog promises, with the BlobStore beside it: its entries here. */
export function accountLogContract(make: MakeLog): void {
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

    test('a dropped log is gone, others stay', async (t) => {
      const ground = await make(t);
      const [account, other] = [await filled(ground.log, 3), await filled(ground.log, 1)];
      await ground.log.moveHead(account, { position: at(2), manifest: await manifest(ground, account) });
      await ground.log.drop(account);
      assert.deepEqual(await ground.log.read(account, at(0)), { head: undefined, entries: [], more: false });
      assert.equal((await ground.log.read(other, at(0))).entries.length, 1);
      await ground.log.drop(newAccountId(systemEntropy));
    });

    logHeadContract(make);
  });
}

async function oneWinner(account: AccountId, logs: readonly AccountLog[], position: number): Promise<void> {
  const outcomes = await Promise.all(logs.map((log, i) => append(log, account, position, `from ${i}`)));
  const winner = outcomes.findIndex(({ kind }) => kind === 'done');
  assert.notEqual(winner, -1);
  for (const [i, outcome] of outcomes.entries())
    if (i !== winner) assert.equal(occupant(outcome), `from ${winner}`);
}
