import { Readable } from 'node:stream';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { AwsAccountLog } from '../../shared/adapters/aws/account-log.ts';
import { AwsBlobStore } from '../../shared/adapters/aws/blob-store.ts';
import {
  bucketLimits,
  type CallLimits,
  Calls,
  systemParts,
  tableLimits,
} from '../../shared/adapters/aws/calls.ts';
import { AwsLeases } from '../../shared/adapters/aws/leases.ts';
import { directoryTable, logTable, type TableDefinition } from '../../shared/adapters/aws/tables.ts';
import type { AccountId } from '../../shared/ids.ts';
import { BucketService } from '../simulation/bucket-service.ts';
import { ItemTable } from '../simulation/item-table.ts';
import type { Line, Sender } from '../simulation/network.ts';
import { ObjectStore } from '../simulation/object-store.ts';
import { Random } from '../simulation/random.ts';
import { placeOf, TableService } from '../simulation/table-service.ts';
import { AwsMeter } from './aws-meter.ts';
import { itemBytes } from './capacity-units.ts';

type Item = Record<string, AttributeValue>;

/** The ports of one process. */
export interface AwsPorts {
  readonly log: AwsAccountLog;
  readonly blobs: AwsBlobStore;
  readonly leases: AwsLeases;
}

/** The real adapters over the simulation's services, which are always there and lose nothing, with a meter in between. */
export class MeteredAws {
  readonly meter = new AwsMeter();
  readonly objects: ObjectStore;
  readonly #log: ItemTable;
  readonly #leases: ItemTable;
  readonly #line: Line;
  readonly #node: Sender;

  /** @param wait how long a request is on its way, there and back again. */
  constructor(now: () => number, wait: () => Promise<void> = async () => undefined) {
    this.objects = new ObjectStore(now);
    this.#log = new ItemTable(now, () => undefined);
    this.#leases = new ItemTable(now, () => undefined);
    this.#line = steadyLine(wait);
    this.#node = { name: 'process', alive: true, frozenUntil: 0, outageUntil: 0, now };
  }

  /** The ports, as a process that has just started has them. */
  ports(): AwsPorts {
    const { now } = this.#node;
    const calls = (limits: CallLimits) => new Calls(limits, { ...systemParts, now: () => now() });
    const table = (items: ItemTable, keys: TableDefinition, prefix: string) => {
      const { client } = new TableService(items, this.#line, this.#node, Number.MAX_SAFE_INTEGER, keys);
      const item = (key: Item) => items.get(...placeOf(key, keys)) as Item | undefined;
      const metered = this.meter.table(client, { prefix, item });
      return { client: metered, table: 'table', calls: calls(tableLimits), now };
    };
    const { client } = new BucketService(this.objects, this.#line, this.#node);
    return {
      log: new AwsAccountLog(table(this.#log, logTable, '')),
      leases: new AwsLeases(table(this.#leases, directoryTable, 'lease ')),
      blobs: new AwsBlobStore({
        client: this.meter.bucket(streaming(client)),
        bucket: 'mail',
        calls: calls(bucketLimits),
        tiering: false,
      }),
    };
  }

  /** Bytes of the items of an account's log in their order, the head's last. */
  itemSizes(account: AccountId): number[] {
    return this.#log.rows(account).map(([, item]) => itemBytes(item as Item));
  }
}

/** One on which nothing befalls a request. */
function steadyLine(wait: () => Promise<void>): Line {
  const request = async <T>(effect: () => T): Promise<T> => {
    await wait();
    try {
      return effect();
    } finally {
      await wait();
    }
  };
  return {
    scheduler: { now: 0 },
    faults: { happens: () => false },
    random: new Random(1),
    hesitation: async () => undefined,
    request: (_from, _what, effect) => request(effect),
    inTwoLooks: (_from, _what, first, second) => request(() => second(first())),
  };
}

/** Bodies as the SDK gives them: to be read as a stream, too. */
function streaming(client: Pick<S3Client, 'send'>): Pick<S3Client, 'send'> {
  const sendOn = client.send.bind(client) as unknown as (...args: unknown[]) => Promise<object>;
  const send = async (...args: unknown[]): Promise<object> => {
    const answer = await sendOn(...args);
    if (!('Body' in answer)) return answer;
    const { transformToByteArray } = answer.Body as { transformToByteArray(): Promise<Uint8Array> };
    const stream = Readable.from([await transformToByteArray()]);
    return { ...answer, Body: Object.assign(stream, { transformToByteArray }) };
  };
  return { send } as unknown as Pick<S3Client, 'send'>;
}
