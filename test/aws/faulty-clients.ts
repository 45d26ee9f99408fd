import type { Readable } from 'node:stream';
import {
  BatchWriteItemCommand,
  type BatchWriteItemCommandInput,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { DeleteObjectsCommand, type DeleteObjectsCommandInput, type S3Client } from '@aws-sdk/client-s3';
import type { SeededRandom } from '../support/seeded-random.ts';

type Command = { readonly input: object; readonly constructor: { readonly name: string } };
type Send = (command: Command, options?: unknown) => Promise<object>;

/** How often each fault came. */
export type FaultCounts = Map<string, number>;

export interface FaultOptions {
  readonly random: SeededRandom;
  /** Of a request, in all. */
  readonly probability: number;
  /** That a request which can be done in part is, before the other faults are drawn; by default it is one of them. */
  readonly partial?: number;
  readonly counts: FaultCounts;
  /** Effects that are still to come, of requests that timed out. */
  readonly late: Set<Promise<unknown>>;
}

/** The service said no, in its own words; nothing happened. */
const refusal = (name: string, httpStatusCode: number): Error =>
  Object.assign(new Error(name), { name, $fault: 'client', $metadata: { httpStatusCode } });

const lost = (code: string): Error => Object.assign(new Error(code), { code });

/** What DynamoDB and the way to it do to requests, below the adapters and above the SDK's client. */
export function faultyTables(client: DynamoDBClient, options: FaultOptions): Pick<DynamoDBClient, 'send'> {
  const send = client.send.bind(client) as unknown as Send;
  return {
    send: faulty(send, options, (command) => {
      if (command.constructor.name !== 'BatchWriteItemCommand') return undefined;
      // A part of the batch is done, the rest is given back.
      return async () => {
        const { RequestItems = {} } = command.input as BatchWriteItemCommandInput;
        const [[table, requests]] = Object.entries(RequestItems) as [[string, object[]]];
        const done = requests.slice(0, Math.floor(requests.length / 2));
        const part = { RequestItems: { [table]: done } };
        if (done.length > 0) await send(new BatchWriteItemCommand(part));
        return { UnprocessedItems: { [table]: requests.slice(done.length) } };
      };
    }) as never,
  };
}

/** The same of S3. */
export function faultyObjects(client: S3Client, options: FaultOptions): Pick<S3Client, 'send'> {
  const send = client.send.bind(client) as unknown as Send;
  return {
    send: faulty(send, options, (command) => {
      if (command.constructor.name === 'GetObjectCommand')
        // The body breaks where it is, once the answer has begun.
        return async () => {
          const answer = (await send(command)) as { Body?: Readable };
          answer.Body?.destroy(lost('ECONNRESET'));
          return answer;
        };
      if (command.constructor.name !== 'DeleteObjectsCommand') return undefined;
      return async () => {
        const input = command.input as DeleteObjectsCommandInput;
        const keys = input.Delete?.Objects ?? [];
        const done = keys.slice(0, Math.floor(keys.length / 2));
        const part = { ...input, Delete: { ...input.Delete, Objects: done } };
        if (done.length > 0) await send(new DeleteObjectsCommand(part));
        return { Errors: keys.slice(done.length).map(({ Key }) => ({ Key, Code: 'SlowDown' })) };
      };
    }) as never,
  };
}

/** `partly`: a fault of this command's own, where it has one. */
function faulty(
  send: Send,
  { random, probability, partial = 0, counts, late }: FaultOptions,
  partly: (command: Command) => (() => Promise<object>) | undefined,
): Send {
  const faults: Record<string, (command: Command, options: unknown) => Promise<object>> = {
    throttled: async () => {
      throw refusal('ThrottlingException', 400);
    },
    'server error without effect': async () => {
      throw refusal('InternalServerError', 500);
    },
    'server error after the effect': async (command, options) => {
      await send(command, options);
      throw refusal('InternalServerError', 500);
    },
    'never sent': async () => {
      throw lost('ECONNREFUSED');
    },
    'reset before the effect': async () => {
      throw lost('ECONNRESET');
    },
    'time-out after the effect': async (command, options) => {
      await send(command, options).catch(() => {});
      throw Object.assign(new Error('timed out'), { name: 'TimeoutError' });
    },
    'time-out before a late effect': async (command) => {
      const ms = random.integer(1, 60);
      const effect = new Promise((resolve) => setTimeout(resolve, ms))
        .then(() => send(command))
        .catch(() => undefined)
        .finally(() => late.delete(effect));
      late.add(effect);
      throw Object.assign(new Error('timed out'), { name: 'TimeoutError' });
    },
  };
  return async (command, options) => {
    const own = partly(command);
    const inPart = `${command.constructor.name} in part`;
    const onlyInPart = own !== undefined && random.chance(partial);
    if (!onlyInPart && !random.chance(probability)) return await send(command, options);
    const name = onlyInPart ? inPart : random.pick([...Object.keys(faults), ...(own ? [inPart] : [])]);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return await (name === inPart && own ? own() : faults[name]!(command, options));
  };
}
