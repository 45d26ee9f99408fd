import { type Config, parseConfig } from '../../infra/config.ts';
import { list } from '../../infra/list-prices.ts';
import { fixedPrices } from '../../infra/prices.ts';

const hoursAMonth = 730;
const mebibyte = 1024 ** 2;

/** Who is served. */
export interface Served {
  readonly accounts: number;
  /** IMAP connections open at once, for each account. */
  readonly connections: number;
  /** Bytes of memory of an account whose clients wait. */
  readonly restingBytes: number;
  /** Bytes that clients read in a month, for each account. */
  readonly readBytes: number;
}

/** Bytes of an idle connection with TLS (docs/performance.md). */
const connectionBytes = 71 * 1024;
/** The program itself with the work that is done, and accounts that nobody holds, an eighth: what is left is for those who wait. */
const ownBytes = (memory: number): number => 200 * mebibyte + memory / 8;
/** Of the rest, as long as no task is missing. */
const usedShare = 0.8;

/** Bytes of a task that are for clients that wait. */
export const roomBytes = (memoryMiB: number): number => memoryMiB * mebibyte - ownBytes(memoryMiB * mebibyte);

/** Connections of one task of so much memory; in the worst case each is of another account. */
export const connectionsPerTask = (memoryMiB: number, restingBytes: number): number =>
  Math.floor((usedShare * roomBytes(memoryMiB)) / (connectionBytes + restingBytes));

/** The large example with as many tasks as it takes; those of the other services are a sixteenth of IMAP's, and two at least. */
export function largeFor(
  large: Config,
  { accounts, connections, restingBytes }: Served,
  ownMx: boolean,
): Config {
  if (large.services.profile !== 'large') throw new Error('not the large profile');
  const { imap, pop3, submission } = large.services;
  const needed = Math.ceil((accounts * connections) / connectionsPerTask(imap.memory, restingBytes));
  const sized = (size: typeof imap, min: number) => ({
    ...size,
    tasks: { min, max: Math.max(min, size.tasks.max) },
  });
  const others = Math.max(2, Math.ceil(needed / 16));
  return parseConfig({
    ...large,
    services: {
      profile: 'large',
      imap: sized(imap, needed),
      pop3: sized(pop3, others),
      submission: sized(submission, others),
    },
    features: { ...large.features, ownMx, privateSubnets: false },
  });
}

/** A unit of the balancer: 100,000 connections, or a GB an hour. */
const connectionsPerUnit = 100_000;
/** Accounts whose leases and channels the least that Valkey is sold in holds, with room. */
const accountsPerValkey = 100_000;

/** Seconds between two looks of a task at the list of sessions that are to end: half a unit each, whatever the number of accounts. */
const listLooksEvery = 5;

/** Tasks that have sessions. */
const tasksOf = ({ services }: Config): number =>
  services.profile === 'small'
    ? services.all.tasks.min
    : services.imap.tasks.min + services.pop3.tasks.min + services.submission.tasks.min;

/** US dollars a month for all those looks. */
export const listLooksDollars = (config: Config): number =>
  ((tasksOf(config) * hoursAMonth * 3600) / listLooksEvery) * (list.dynamoReadUnit / 2);

/** US dollars a month for all that stands there: what the configuration costs, and what of it grows with those who are served. */
export function standingDollars(config: Config, { accounts, connections, readBytes }: Served): number {
  const fixed = fixedPrices(config).reduce((sum, { dollars }) => sum + dollars, 0);
  const units = Math.max(
    (accounts * connections) / connectionsPerUnit,
    (accounts * readBytes) / 1e9 / hoursAMonth,
  );
  const valkey = config.features.valkey ? accounts / accountsPerValkey : 0;
  return (
    fixed +
    listLooksDollars(config) +
    hoursAMonth *
      (Math.max(0, units - 1) * list.balancerUnitHour +
        Math.max(0, valkey - 1) * list.valkeyServerlessMinimumGiB * list.valkeyServerlessMinimumGiBHour)
  );
}
