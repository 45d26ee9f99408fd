import { AwsAccountLog } from '../../shared/adapters/aws/account-log.ts';
import { AwsBlobStore } from '../../shared/adapters/aws/blob-store.ts';
import { bucketLimits, type CallLimits, Calls, tableLimits } from '../../shared/adapters/aws/calls.ts';
import { bytesOf, headOf } from '../../shared/adapters/aws/log-items.ts';
import { type AccountId, accountPrefix } from '../../shared/ids.ts';
import { BucketService } from './bucket-service.ts';
import { ItemTable } from './item-table.ts';
import type { Node } from './node.ts';
import { ObjectStore } from './object-store.ts';
import { Random } from './random.ts';
import { noteChange, type Store, type StoreGround } from './store.ts';
import { headSort, sortOf, TableService } from './table-service.ts';

/** The adapters for DynamoDB and S3, over a simulated table and bucket. */
export function awsStore({ seed, network, plant, watch }: StoreGround): Store {
  const { scheduler } = network;
  const changed = new Map<string, Set<number>>();
  const table = new ItemTable(
    () => scheduler.now,
    (account, sort) => noteChange(changed, account, Number(sort)),
  );
  const objects = new ObjectStore(() => scheduler.now);
  objects.watch = watch;
  // DynamoDB's megabyte, in small.
  const pageItems = new Random(seed, 'pages').int(4, 40);

  const callsOf = (node: Node, limits: CallLimits): Calls => {
    const random = new Random(seed, `${node.name} calls ${scheduler.events}`);
    const sleep = (ms: number) => scheduler.sleep(ms, node);
    return new Calls(limits, { sleep, random: () => random.unit(), now: () => node.now() });
  };
  const logOf = (node: Node): AwsAccountLog => {
    const { client } = new TableService(table, network, node, pageItems);
    return new AwsAccountLog({
      client: (plant?.table?.(client as never) as typeof client | undefined) ?? client,
      table: 'log',
      calls: callsOf(node, tableLimits),
      now: () => node.now(),
    });
  };
  return {
    changed,
    portsOf: (node) => ({
      log: logOf(node),
      blobs: new AwsBlobStore({
        client: new BucketService(objects, network, node).client,
        bucket: 'mail',
        calls: callsOf(node, bucketLimits),
        tiering: false,
      }),
    }),
    entry: (account, position) => bytesOf(table.get(account, sortOf(position)) as never),
    object: (key) => objects.get(key),
    ever: (key) => objects.ever(key),
    head: (account) => {
      const head = table.get(account, headSort);
      return head && headOf(head as never);
    },
    isEmpty: (account) =>
      table.rows(account).length === 0 && objects.list(accountPrefix(account), undefined, 1).length === 0,
    deleteEntry: (account, position) => table.put(account, sortOf(position), undefined),
    recovery: {
      restoreLog: (account: AccountId, asOf) => {
        table.restore(account, asOf);
        changed.delete(account);
      },
      undelete: (since) => objects.undelete(since),
    },
    close: () => undefined,
  };
}
