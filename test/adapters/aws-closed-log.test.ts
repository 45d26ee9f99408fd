import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { AwsAccountLog } from '../../shared/adapters/aws/account-log.ts';
import { headNumber } from '../../shared/adapters/aws/log-items.ts';
import { append, at, filled, manifest, texts } from '../contracts/log-ground.ts';
import { openLogAndBlobs, openTables, sharedEmulators } from './aws-ground.ts';

describe('a log that a dead process has closed without moving its head', () => {
  const emulators = sharedEmulators();

  for (const folded of [0, 2])
    test(`takes no entries, and is read as before, until another moves its head (${folded} entries folded)`, async () => {
      const { log, blobs } = openLogAndBlobs(await emulators());
      const { log: other } = openLogAndBlobs(await emulators());
      const account = await filled(log, 3);
      const ground = { log, blobs, another: async () => ({ log: other, blobs }) };
      if (folded > 0)
        await log.moveHead(account, { position: at(folded), manifest: await manifest(ground, account) });
      assert.equal((await other.read(account, at(3))).entries.length, 0);

      const key = await manifest(ground, account);
      const move = { position: at(1_000), manifest: key, last: at(3) };
      await assert.rejects((await dying()).moveHead(account, move), /died/);

      const { last } = await log.readEnd(account);
      assert.equal(last?.position, 3);
      assert.equal(await other.grownBeyond(account, at(2)), 3);
      assert.equal(await other.grownBeyond(account, at(3)), undefined);
      assert.deepEqual(texts(await other.read(account, at(2))), ['3:e3']);
      const late = await append(other, account, 4, 'late');
      assert.deepEqual(late, { kind: 'taken', occupant: undefined });
      assert.deepEqual(texts(await other.read(account, at(3))), []);
      assert.equal(await log.moveHead(account, { ...move, last: at(4) }), false);

      const again = { ...move, manifest: await manifest(ground, account) };
      assert.equal(await other.moveHead(account, again), true);
      assert.equal((await log.read(account, at(3))).head?.manifest, again.manifest);
      assert.deepEqual(await append(log, account, 1_001, 'next'), { kind: 'done' });
    });

  /** A log that fails at the item of the head. */
  async function dying(): Promise<AwsAccountLog> {
    const client = openTables(await emulators());
    const send: (...args: unknown[]) => Promise<unknown> = client.send.bind(client) as never;
    const dies = async (...args: unknown[]): Promise<unknown> => {
      const [command] = args;
      if (command instanceof PutItemCommand && command.input.Item?.n?.N === String(headNumber))
        throw Object.assign(new Error('died'), {
          name: 'ValidationException',
          $metadata: { httpStatusCode: 400 },
        });
      return send(...args);
    };
    client.send = dies as typeof client.send;
    return new AwsAccountLog({ client, table: (await emulators()).logTable });
  }
});
