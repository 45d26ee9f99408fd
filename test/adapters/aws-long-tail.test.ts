import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { AwsAccountLog } from '../../shared/adapters/aws/account-log.ts';
import { newestItems } from '../../shared/adapters/aws/log-tail.ts';
import { newAccountId, systemEntropy } from '../../shared/ids.ts';
import { append, at, filled, manifest } from '../contracts/log-ground.ts';
import { openLogAndBlobs, openTables, sharedEmulators } from './aws-ground.ts';

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('a tail that is longer than what a first reader takes at once', () => {
  const emulators = sharedEmulators();

  /** A log whose queries are noted, with something that happens before each. */
  async function watched(before: (asked: number) => Promise<void> = async () => undefined) {
    const client = openTables(await emulators());
    const queries: QueryCommandInput[] = [];
    const send: (...args: unknown[]) => Promise<unknown> = client.send.bind(client) as never;
    const noting = async (...args: unknown[]): Promise<unknown> => {
      const [command] = args;
      if (command instanceof QueryCommand) {
        await before(queries.length);
        queries.push(command.input);
      }
      return send(...args);
    };
    client.send = noting as typeof client.send;
    return { log: new AwsAccountLog({ client, table: (await emulators()).logTable }), queries };
  }

  /** 200 entries, of which some are folded. */
  async function written(folded: number) {
    const { log, blobs } = openLogAndBlobs(await emulators());
    const account = await filled(log, 200);
    const fold = async (position: number) => {
      const key = await manifest({ log, blobs, another: async () => ({ log, blobs }) }, account);
      assert.ok(await log.moveHead(account, { position: at(position), manifest: key }));
    };
    await fold(folded);
    return { account, log, fold };
  }

  test('is completed by the entries before, and by those alone', async () => {
    const { account } = await written(20);
    const { log, queries } = await watched();
    const { head, entries, more } = await log.read(account, at(0));
    assert.deepEqual([head?.position, more], [20, false]);
    assert.deepEqual(
      entries.map(({ position }) => position),
      numbers(21, 200),
    );
    assert.deepEqual(
      queries.map(({ Limit }) => Limit),
      [newestItems, 180 - (newestItems - 1)],
    );
  });

  test('is read from where the head has gone where it is folded and trimmed meanwhile', async () => {
    const { account, log: other, fold } = await written(20);
    const { log } = await watched(async (asked) => {
      if (asked !== 1) return;
      await fold(100);
      await other.trim(account, at(100));
    });
    const { head, entries, more } = await log.read(account, at(0));
    assert.deepEqual([head?.position, more], [100, false]);
    assert.deepEqual(
      entries.map(({ position }) => position),
      numbers(101, 200),
    );
  });

  test('comes in pages where it is more than an answer holds', async () => {
    const { log, queries } = await watched();
    const account = newAccountId(systemEntropy);
    for (const position of numbers(1, 150)) await append(log, account, position, 'x'.repeat(16_000));
    queries.length = 0;
    const seen: number[] = [];
    let pages = 0;
    for (let more = true; more; pages++) {
      const tail = await log.read(account, at(seen.at(-1) ?? 0));
      seen.push(...tail.entries.map(({ position }) => position));
      ({ more } = tail);
    }
    assert.deepEqual(seen, numbers(1, 150));
    // 2.4 MB, a megabyte an answer at the most.
    assert.ok(pages >= 2 && queries.length <= pages + 1, `${pages} pages in ${queries.length} queries`);
  });
});
