import type { AccountId, BlobKey } from '../../shared/ids.ts';
import type { AccountLog, Head } from '../../shared/ports/account-log.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import type { Network } from './network.ts';
import type { Node } from './node.ts';
import type { ObjectWatch } from './object-store.ts';
import type { Hooks } from './planted/plant.ts';

/** What a store is built in. */
export interface StoreGround {
  readonly seed: number;
  readonly network: Network;
  readonly plant: Hooks | undefined;
  readonly watch: ObjectWatch;
}

/** The head's place among the positions that have changed. */
export const headPosition = Number.MAX_SAFE_INTEGER;

export function noteChange(changed: Map<string, Set<number>>, account: string, position: number): void {
  const positions = changed.get(account);
  if (positions === undefined) changed.set(account, new Set([position]));
  else positions.add(position);
}

/** What a service keeps of the past. */
export interface Recovery {
  /** The log of an account becomes what it was. */
  restoreLog(account: AccountId, asOf: number): void;
  /** Objects that were deleted after a moment are there again. */
  undelete(since: number): void;
}

/** Where accounts lie: the real adapters over simulated services, and a way past them for whoever judges. */
export interface Store {
  /** What has changed of each account's log since it was last taken from here: positions, the head's among them. */
  readonly changed: Map<string, Set<number>>;
  /** What a node reaches it by. */
  portsOf(node: Node): { readonly log: AccountLog; readonly blobs: BlobStore };
  /** The entry at a position, as it lies there now. */
  entry(account: AccountId, position: number): Uint8Array | undefined;
  object(key: BlobKey): Uint8Array | undefined;
  /** What was put under a key, even where it was deleted since. */
  ever(key: string): Uint8Array | undefined;
  head(account: AccountId): Head | undefined;
  /** Whether anything of an account is left. */
  isEmpty(account: AccountId): boolean;
  deleteEntry(account: AccountId, position: number): void;
  /** Brings back what was; undefined where there is no such thing. */
  readonly recovery: Recovery | undefined;
  close(): void;
}
