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

/** How an idling client's account is watched. */
export interface Watch {
  /** Seconds between two looks at the tail by each task that has sessions of the account. */
  readonly everySeconds: number;
  readonly tasks: number;
}

/** Deliveries of SES pass its topic and queue, and a function of a quarter GiB for about half a second each (an assumption: nothing was deployed). */
const functionGiBSeconds = 0.25 * 0.5;
/** Messages that one call of the function finds in its queue; one in the worst case. */
const messagesACall = 1;

/** What the metered services charge for a counted month. */
export function chargesOf(counted: Counted, receiver: Receiver, watch: Watch): readonly Charge[] {
  const charge = (what: string, count: number, price: number): Charge => ({
    what,
    count,
    dollars: count * price,
  });
  const looks = ((hoursAMonth * 3600) / watch.everySeconds) * watch.tasks;
  const { messages } = counted;
  const common = [
    charge('units written to DynamoDB, trimming included', counted.writeUnits, list.dynamoWriteUnit),
    charge('units read from DynamoDB', counted.readUnits, list.dynamoReadUnit),
    // Eventually consistent: half a unit each.
    charge(`looks at the tail, every ${watch.everySeconds} s`, looks, list.dynamoReadUnit / 2),
    charge('objects put to S3', counted.puts, list.s3Put),
    charge('objects read from S3', counted.gets, list.s3Get),
    charge(
      'requests to the key service (an estimate)',
      Math.ceil((counted.puts + counted.gets) / 1000),
      list.keyRequest,
    ),
  ];
  if (receiver === 'server') return common;
  return [
    ...common,
    charge("SES's own objects", messages, list.s3Put),
    charge('notices published', messages, list.snsPublish),
    charge('requests to the queue', 3 * messages, list.sqsRequest),
    charge('calls of the function', messages / messagesACall, list.lambdaRequest),
    charge('GiB-seconds of the function', messages * functionGiBSeconds, list.lambdaArmGiBSecond),
    { ...charge('messages received by SES', messages, list.sesReceived), aside: true },
  ];
}

/** US dollars of the charges that the aims count. */
export const metered = (charges: readonly Charge[]): number =>
  charges.reduce((sum, { dollars, aside }) => sum + (aside ? 0 : dollars), 0);

/** What stands there for all accounts together. The sizes are assumptions, which a first deployment has to prove. */
export interface Fleet {
  readonly accounts: number;
  /** IMAP connections open at once, for each account. */
  readonly connections: number;
}

/** 1 vCPU and 4 GiB; 72 KB of memory for an idle connection with TLS (docs/performance.md) leave room for the accounts themselves. */
const connectionsPerTask = 25_000;
const taskHour = list.fargateArmCpuHour + 4 * list.fargateArmGiBHour + list.publicAddressHour;
/** A unit of the balancer: 100,000 connections, or a GB an hour. */
const connectionsPerUnit = 100_000;

/** US dollars a month for servers, balancer, Valkey and logs. */
export function fleetDollars({ accounts, connections }: Fleet, bytesAnAccount: number): number {
  const open = accounts * connections;
  const imap = Math.max(2, Math.ceil(open / connectionsPerTask));
  const others = 2 + Math.ceil(imap / 10);
  const units = Math.max(1, open / connectionsPerUnit, (accounts * bytesAnAccount) / 1e9 / hoursAMonth);
  const valkey =
    Math.max(1, accounts / 100_000) * list.valkeyServerlessMinimumGiB * list.valkeyServerlessMinimumGiBHour;
  // A sign-in and its end are two lines of 300 bytes; each device comes back some twenty times a day.
  const logs = (accounts * connections * 20 * 30 * 600 * list.logGiB) / 2 ** 30;
  return (
    hoursAMonth *
      ((imap + others) * taskHour +
        list.balancerHour +
        units * list.balancerUnitHour +
        3 * list.publicAddressHour +
        valkey) +
    logs +
    2 * list.keyMonth +
    2 * list.secretMonth
  );
}
