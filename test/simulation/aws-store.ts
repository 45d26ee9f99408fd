import { AwsAccountLog } from '../../shared/adapters/aws/account-log.ts';
import { AwsBlobStore } from '../../shared/adapters/aws/blob-store.ts';
import { bucketLimits, type CallLimits, Calls, tableLimits } from '../../shared/adapters/aws/calls.ts';
import { headOf } from '../../shared/adapters/aws/log-items.ts';
import { type AccountId, accountPrefix, type BlobKey } from '../../shared/ids.ts';
import { BucketService } from './bucket-service.ts';
import { ItemTable } from './item-table.ts';
import { CalmNetwork, type Network } from './network.ts';
import { Node } from './node.ts';
import { ObjectStore } from './object-store.ts';
import { Random } from './random.ts';
import type { Store, StoreGround } from './store.ts';
import { headSort, sortOf, TableService } from './table-service.ts';

/** The adapters for DynamoDB and S3, over a simulated table and bucket. */
export function awsStore({ seed, network, plant, watch }: StoreGround): Store {
  const { scheduler } = network;
  const table = new ItemTable(() => scheduler.now);
  const objects = new ObjectStore();
  objects.watch = watch;
  // DynamoDB's megabyte, in small.
  const pageItems = new Random(seed, 'pages').int(4, 40);

  const callsOf = (node: Node, limits: CallLimits): Calls => {
    const random = new Random(seed, `${node.name} calls ${scheduler.events}`);
    const sleep = (ms: number) => scheduler.sleep(ms, node);
    return new Calls(limits, { sleep, random: () => random.unit(), now: () => node.now() });
  };
  const logOf = (node: Node, way: Network, planted?: typeof plant): AwsAccountLog => {
    const { client } = new TableService(table, way, node, pageItems);
    return new AwsAccountLog({
      client: (planted?.table?.(client as never) as typeof client | undefined) ?? client,
      table: 'log',
      calls: callsOf(node, tableLimits),
      now: () => node.now(),
    });
  };
  return {
    dirty: table.dirty,
    portsOf: (node) => ({
      log: logOf(node, network, plant),
      blobs: new AwsBlobStore({
        client: new BucketService(objects, network, node).client,
        bucket: 'mail',
        calls: callsOf(node, bucketLimits),
        tiering: false,
      }),
    }),
    log: logOf(new Node('oracle', scheduler), new CalmNetwork(network)),
    object: (key) => objects.get(key),
    ever: (key) => objects.ever(key),
    head: (account): BlobKey | undefined => {
      const head = table.get(account, headSort);
      return head && headOf(head as never).manifest;
    },
    isEmpty: (account) =>
      table.rows(account).length === 0 && objects.list(accountPrefix(account), undefined, 1).length === 0,
    deleteEntry: (account, position) => table.put(account, sortOf(position), undefined),
    restore: (account: AccountId, asOf) => {
      table.restore(account, asOf);
      table.dirty.delete(account);
    },
    close: () => undefined,
  };
}
