import { delivery } from '../../infra/delivery.ts';
import { list } from '../../infra/list-prices.ts';
import type { Counted, Receiver } from './month.ts';

/** One kind of charge of one account for one month. */
export interface Charge {
  readonly what: string;
  readonly count: number;
  /** US dollars. */
  readonly dollars: number;
  /** Stored bytes, SES and egress stand aside of the aims: whoever has mail has them. */
  readonly aside?: true;
}

const hoursAMonth = 730;
const charge = (what: string, count: number, price: number): Charge => ({
  what,
  count,
  dollars: count * price,
});

/** How the account is served, beside what was counted. */
export interface Service {
  readonly receiver: Receiver;
  /** Seconds between two looks at the tail by each task that has sessions of the account. */
  readonly looksEvery: number;
  readonly tasks: number;
  /** Devices' connections are made so often a month. */
  readonly signIns: number;
  /** Of the whole installation: the more come, the more of them one call delivers. */
  readonly messagesASecond: number;
}

/** Lines of a log as CloudWatch takes them in, bytes: a delivery; a sign-in and the end of its session. */
const deliveryLine = 300;
const sessionLines = 700;

/** What the metered services charge for a counted month. */
export function chargesOf(counted: Counted, service: Service): readonly Charge[] {
  const { receiver, looksEvery, tasks, signIns } = service;
  const looks = ((hoursAMonth * 3600) / looksEvery) * tasks;
  const logged = counted.messages * deliveryLine + signIns * sessionLines;
  return [
    charge('units written to DynamoDB, trimming included', counted.writeUnits, list.dynamoWriteUnit),
    charge('units read from DynamoDB', counted.readUnits, list.dynamoReadUnit),
    // One unit each: whose address it is, and what may be done with it.
    charge(
      'looks into the directory, by deliveries and sign-ins',
      counted.messages + signIns,
      list.dynamoReadUnit,
    ),
    // Eventually consistent: half a unit each.
    charge(`looks at the tail, every ${looksEvery} s by ${tasks} tasks`, looks, list.dynamoReadUnit / 2),
    charge('objects put to S3', counted.puts, list.s3Put),
    charge('objects read from S3', counted.gets, list.s3Get),
    charge(
      'requests to the key service (an estimate)',
      Math.ceil((counted.puts + counted.gets) / 1000),
      list.keyRequest,
    ),
    charge('commands of Valkey', 2 * counted.entries, list.valkeyUnit),
    charge('KiB of logs', logged / 1024, list.logGiB / 1024 ** 2),
    ...(receiver === 'function' ? receivedBySes(counted.messages, service) : []),
  ];
}

/**
 * Seconds of a call (assumptions: nothing was deployed): waiting for some seven requests one after another, and work for each message, which was measured
 * here (16 ms of a processor) and takes the longer the smaller the function's share of one is.
 */
const waiting = 0.16;
const working = 0.016;
const wholeProcessor = 1769;
/** Connections by which Lambda asks a queue; each gathers a batch of its own. */
const askers = 5;

/** Messages of one call on average: the one it begins with, and what comes to the same asker in the window. */
export const messagesACall = (messagesASecond: number): number =>
  Math.min(delivery.batch, 1 + (messagesASecond * delivery.window) / askers);

function receivedBySes(messages: number, { messagesASecond }: Service): readonly Charge[] {
  const each = messagesACall(messagesASecond);
  const calls = messages / each;
  const seconds = calls * (waiting + each * working * (wholeProcessor / delivery.memory));
  return [
    charge("SES's own objects put", messages, list.s3Put),
    charge("SES's own objects read", messages, list.s3Get),
    charge('notices published', messages, list.snsPublish),
    // Each is sent to it by itself, and taken and deleted with those of its batch.
    charge('requests to the queue', messages + 2 * calls, list.sqsRequest),
    charge(`calls of the function, ${each.toFixed(1)} messages each`, calls, list.lambdaRequest),
    charge(
      `GiB-seconds of the function, of ${delivery.memory} MiB`,
      (seconds * delivery.memory) / 1024,
      list.lambdaArmGiBSecond,
    ),
    { ...charge('messages received by SES', messages, list.sesReceived), aside: true },
  ];
}

/** US dollars of the charges that the aims count. */
export const metered = (charges: readonly Charge[]): number =>
  charges.reduce((sum, { dollars, aside }) => sum + (aside ? 0 : dollars), 0);

/** A POP3 client that comes every five minutes: most find the account open, the others open it. US dollars a month. */
export function pop3Dollars(cold: Pick<Counted, 'readUnits' | 'gets'>, coldShare: number): number {
  const visits = hoursAMonth * 12;
  const opening = cold.readUnits * list.dynamoReadUnit + cold.gets * list.s3Get;
  const logged = (sessionLines * list.logGiB) / 1024 ** 3;
  return (
    visits * (coldShare * opening + (1 - coldShare) * list.dynamoReadUnit + list.dynamoReadUnit + logged)
  );
}
