import type { AccountId, BlobKey } from '../../shared/ids.ts';
import type { AccountLog } from '../../shared/ports/account-log.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import type { Network } from './network.ts';
import type { Node } from './node.ts';
import type { ObjectWatch } from './object-store.ts';
import type { Plant } from './planted/plant.ts';

/** What a store is built in. */
export interface StoreGround {
  readonly seed: number;
  readonly network: Network;
  readonly plant: Plant | undefined;
  readonly watch: ObjectWatch;
}

/** Where accounts lie: the real adapters over simulated services, and a way past them for whoever judges. */
export interface Store {
  /** Accounts whose log has changed since they were last taken from here. */
  readonly dirty: Set<string>;
  /** What a node reaches it by. */
  portsOf(node: Node): { readonly log: AccountLog; readonly blobs: BlobStore };
  /** The log as it is, read by the real adapter over services that nothing disturbs. */
  readonly log: Pick<AccountLog, 'read'>;
  object(key: BlobKey): Uint8Array | undefined;
  /** What was put under a key, even where it was deleted since. */
  ever(key: string): Uint8Array | undefined;
  /** The manifest that an account's head names. */
  head(account: AccountId): BlobKey | undefined;
  /** Whether anything of an account is left. */
  isEmpty(account: AccountId): boolean;
  deleteEntry(account: AccountId, position: number): void;
  /** Brings back the log of an account as it was; undefined where there is no such thing. */
  readonly restore: ((account: AccountId, asOf: number) => void) | undefined;
  close(): void;
}
