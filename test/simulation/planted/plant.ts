import type { DatabaseSync } from 'node:sqlite';
import type { BlobWrites } from '../../../shared/adapters/embedded/write-blobs.ts';
import type { logWrites } from '../../../shared/adapters/embedded/write-log.ts';
import type { Account } from '../../../shared/engine/account.ts';
import type { Swept } from '../../../shared/engine/collector.ts';
import type { EngineParts } from '../../../shared/engine/engine.ts';
import type { MailError } from '../../../shared/engine/mail-error.ts';
import type { Purged } from '../../../shared/engine/retention.ts';
import type { StagedMessage } from '../../../shared/engine/stage.ts';
import type { AccountId, Entropy } from '../../../shared/ids.ts';
import type { AccountLog } from '../../../shared/ports/account-log.ts';
import type { BlobStore } from '../../../shared/ports/blob-store.ts';
import type { Result } from '../../../shared/result.ts';
import type { Release } from '../release.ts';

type LogWrites = ReturnType<typeof logWrites>;
type Send = { send(command: never, options?: never): Promise<unknown> };

/** What a plant may use of the node that it is planted in. */
export interface Soil {
  readonly node: string;
  readonly release: Release;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Deletes an entry, whatever it is. */
  readonly deleteEntry: (account: AccountId, position: number) => Promise<void>;
}

/** What is put in the place of the product's: each hook stands for the code that would be wrong. */
export interface Hooks {
  /** Of what the run's store is made; DynamoDB and S3 where it does not say. */
  readonly store?: 'embedded';
  /** Whether some deliveries open nothing. None does where it does not say: most faults are in what opens an account. */
  readonly unopened?: boolean;
  readonly table?: (client: Send) => Send;
  /** In the place of what the writer's thread of the embedded store does, each in a transaction. */
  readonly writes?: (writes: LogWrites & BlobWrites, db: DatabaseSync) => LogWrites & BlobWrites;
  readonly log?: (log: AccountLog, soil: Soil) => AccountLog;
  readonly blobs?: (blobs: BlobStore, soil: Soil) => BlobStore;
  readonly entropy?: (entropy: Entropy) => Entropy;
  /** Called once with each account that a node opens. */
  readonly account?: (account: Account) => void;
  /** Once with each of them too, where what its commits answer has been judged: only those who asked hear of it otherwise. */
  readonly answers?: (account: Account) => void;
  /** In the place of `account.stage`, for a delivery. */
  readonly stage?: (
    parts: EngineParts,
    account: AccountId,
    bytes: Uint8Array,
    deliveryId: string,
  ) => Promise<Result<StagedMessage, MailError>>;
  /** In the place of what an address keeps of UIDVALIDITY, for the account that is made there. */
  readonly floor?: (kept: number) => number;
  /** In the place of production's, ms. */
  readonly replacedLifetime?: number;
  readonly sweep?: (account: Account, parts: EngineParts, soil: Soil) => Promise<Swept>;
  /** In the place of `purgeExpunged`. */
  readonly purge?: (
    account: Account,
    parts: EngineParts,
    cutoff: number,
  ) => Promise<Result<Purged, MailError>>;
  /** Changes a class for the time of a run; the returned function puts it right. */
  readonly install?: () => () => void;
}

/** A fault put into the product on purpose: the simulation must find it. */
export interface Plant extends Hooks {
  readonly name: string;
  /** Seeds from 1 on within which it is found. */
  readonly within: number;
  /** The violation that it must bring: any other may be the hook's own, and says nothing of what the simulation sees. */
  readonly finds: RegExp;
  /**
   * All that is put in but for the fault itself, where hooks change more than that: where the fault is found, a run with these must end
   * well, or it was not the fault that was found.
   */
  readonly control?: Hooks;
}

/** Whether a run with this plant came to what it must. */
export const isFound = ({ finds }: Plant, violation: string | undefined): boolean =>
  violation !== undefined && finds.test(violation);

/** A log that is another but for some of its methods. */
export const withLog = (log: AccountLog, changed: Partial<AccountLog>): AccountLog => ({
  read: (account, after) => log.read(account, after),
  readEnd: (account) => log.readEnd(account),
  append: (request) => log.append(request),
  moveHead: (account, head) => log.moveHead(account, head),
  trim: (account, upTo) => log.trim(account, upTo),
  drop: (account) => log.drop(account),
  ...changed,
});
