import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AccountId, newAccountId, objectKey, systemEntropy } from '../../shared/ids.ts';
import { bytesOf, contentOf } from './bytes.ts';
import { append, at, filled, type MakeLog, manifest, occupant, texts } from './log-ground.ts';

/** The head of a log, its end, and what is trimmed below the head. */
export function logHeadContract(make: MakeLog): void {
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
    await ground.log.moveHead(account, { ...head, last: at(3) });
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

  test('a head goes beyond the last position used only from there', async (t) => {
    const ground = await make(t);
    const { log } = ground;
    const account = await filled(log, 3);
    const other = await ground.another();
    assert.equal((await log.read(account, at(0))).entries.length, 3);
    assert.deepEqual(await append(other.log, account, 4, 'e4'), { kind: 'done' });
    const head = { position: at(1_000), manifest: await manifest(ground, account) };
    assert.equal(await log.moveHead(account, { ...head, last: at(3) }), false);
    assert.equal((await log.readEnd(account)).head, undefined);
    assert.deepEqual(await append(other.log, account, 5, 'e5'), { kind: 'done' });
    await assert.rejects(log.moveHead(account, head), RangeError);
    assert.equal(await log.moveHead(account, { ...head, last: at(5) }), true);
    const again = { position: at(2_000), manifest: await manifest(ground, account) };
    assert.equal(await log.moveHead(account, { ...again, last: at(5) }), false);
    assert.equal(await log.moveHead(account, { ...again, last: at(1_000) }), true);
    assert.deepEqual(await append(other.log, account, 2_001, 'next'), { kind: 'done' });
  });

  test('of appends and a head that goes beyond them, each is done or refused, and nothing done is below the head', async (t) => {
    const ground = await make(t);
    for (let round = 0; round < 5; round++) {
      const account = await filled(ground.log, 2);
      const other = await ground.another();
      const head = { position: at(1_000), manifest: await manifest(ground, account), last: at(2) };
      const [moved, appended] = await Promise.all([
        ground.log.moveHead(account, head),
        append(other.log, account, 3, 'e3'),
      ]);
      assert.equal(appended.kind, moved ? 'taken' : 'done');
    }
  });

  test('below a head that is beyond the last entry nothing is appended, by another process either', async (t) => {
    const ground = await make(t);
    const { log } = ground;
    const account = await filled(log, 3);
    const other = await ground.another();
    assert.equal((await other.log.read(account, at(0))).entries.length, 3);
    const head = { position: at(1_000), manifest: await manifest(ground, account), last: at(3) };
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
}
