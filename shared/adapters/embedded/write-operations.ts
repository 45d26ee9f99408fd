import type { AccountId, BlobKey, LogPosition } from '../../ids.ts';
import type { HeadMove } from '../../ports/account-log.ts';
import type { AdminRecord } from '../../ports/admin-records.ts';
import type {
  AccountRecord,
  Alias,
  AppPassword,
  Directory,
  DirectoryError,
  Domain,
  Protocol,
  Tenant,
} from '../../ports/directory.ts';
import type { Lease } from '../../ports/leases.ts';
import type { Result } from '../../result.ts';

/** An object that has been put and may not be recorded yet. */
export interface StagedBlob {
  readonly key: BlobKey;
  readonly size: number;
  /** Undefined where the object lies, synced, in its file and only its row is missing. */
  readonly bytes: Uint8Array | undefined;
}

export interface AppendWrite {
  readonly account: AccountId;
  readonly position: LogPosition;
  readonly bytes: Uint8Array;
  /** Recorded with the entry. */
  readonly carried: readonly StagedBlob[];
  /** Must have been recorded before. */
  readonly named: readonly BlobKey[];
}

export type AppendAnswer =
  | { readonly kind: 'done' }
  | { readonly kind: 'taken'; readonly occupant: Uint8Array | undefined }
  /** The caller's bugs: a position beyond the next one, a blob that nobody put. */
  | { readonly kind: 'gap'; readonly last: number }
  | { readonly kind: 'noBlob'; readonly key: BlobKey };

export type AccountChange = Parameters<Directory['updateAccount']>[1];

/**
 * What the writer's thread can do, each in the transaction that it shares with whatever else was waiting. Arguments and
 * answers travel between threads. An operation checks its conditions before it changes anything; one that throws is
 * undone and fails alone.
 */
export interface WriteOperations {
  append(write: AppendWrite): AppendAnswer;
  /** 'noManifest' is the caller's bug. */
  moveHead(write: { readonly account: AccountId; readonly move: HeadMove }): boolean | 'noManifest';
  /** Deletes a bounded number of entries; true where there are more to delete. */
  trim(write: { readonly account: AccountId; readonly upTo: LogPosition }): boolean;
  /** As `trim`; the last call deletes the head too. */
  drop(account: AccountId): boolean;

  storeBlobs(blobs: readonly StagedBlob[]): void;
  /** Answers which of the keys lie in files, to be deleted by the caller after this. */
  deleteBlobs(keys: readonly BlobKey[]): readonly BlobKey[];

  addTenant(tenant: Tenant): Result<void, DirectoryError>;
  renameTenant(tenant: Pick<Tenant, 'id' | 'name'>): Result<Tenant, DirectoryError>;
  removeTenant(id: string): Result<void, DirectoryError>;
  addDomain(domain: Domain): Result<void, DirectoryError>;
  removeDomain(name: string): Result<void, DirectoryError>;
  addAccount(write: {
    readonly account: AccountRecord;
    readonly begunAbove: number;
  }): Result<void, DirectoryError>;
  updateAccount(write: {
    readonly id: AccountId;
    readonly change: AccountChange;
  }): Result<AccountRecord, DirectoryError>;
  addAppPassword(write: {
    readonly id: AccountId;
    readonly added: AppPassword;
  }): Result<AccountRecord, DirectoryError>;
  removeAppPassword(write: {
    readonly id: AccountId;
    readonly appPassword: string;
  }): Result<AccountRecord, DirectoryError>;
  noteSignIn(write: { readonly id: AccountId; readonly protocol: Protocol; readonly day: string }): void;
  removeAccount(write: {
    readonly id: AccountId;
    readonly uidValidityFloor: number;
    readonly now: number;
  }): Result<void, DirectoryError>;
  addAlias(alias: Alias): Result<void, DirectoryError>;
  changeAlias(alias: Pick<Alias, 'address' | 'targets'>): Result<Alias, DirectoryError>;
  removeAlias(address: string): Result<void, DirectoryError>;

  /** False where there is one of that name. */
  addRecord(write: RecordWrite): boolean;
  putRecord(write: RecordWrite): void;
  removeRecord(write: Pick<AdminRecord, 'kind' | 'name'> & { readonly now: number }): boolean;

  acquireLease(write: LeaseWrite): boolean;
  renewLease(write: LeaseWrite): boolean;
  releaseLease(lease: Lease): void;
}

/** What is expired at `now` is deleted with it. */
export interface RecordWrite {
  readonly record: AdminRecord;
  readonly now: number;
}

export interface LeaseWrite {
  readonly lease: Lease;
  readonly now: number;
  readonly ttlMs: number;
}

/** What the writer's thread is started with. */
export interface WriterStart {
  readonly path: string;
  readonly busyTimeoutMs: number;
  readonly upgrade: boolean;
}

export interface WriteRequest {
  readonly id: number;
  readonly operation: keyof WriteOperations;
  readonly argument: unknown;
  /** About how much is written, for the bounds. */
  readonly bytes: number;
}

export type ToWriter =
  | { readonly kind: 'requests'; readonly requests: readonly WriteRequest[] }
  | { readonly kind: 'close' };

export type WriteAnswer =
  | { readonly id: number; readonly kind: 'done'; readonly value: unknown }
  /** The operation threw and changed nothing. */
  | { readonly id: number; readonly kind: 'failed'; readonly cause: unknown }
  /** The transaction could not be begun or committed: perhaps it was, perhaps not. */
  | { readonly id: number; readonly kind: 'lost'; readonly cause: unknown };

export type FromWriter =
  | { readonly kind: 'ready' }
  | { readonly kind: 'newer' | 'older'; readonly found: number }
  | { readonly kind: 'notOpened'; readonly cause: unknown }
  | { readonly kind: 'answers'; readonly answers: readonly WriteAnswer[] }
  | { readonly kind: 'closed' };
