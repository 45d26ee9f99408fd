import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import {
  type AccountId,
  type BlobKey,
  type LogPosition,
  newAccountId,
  objectKey,
  systemEntropy,
} from '../../shared/ids.ts';
import type { AccountLog, AppendOutcome, LogTail } from '../../shared/ports/account-log.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import { bytesOf } from './bytes.ts';

export interface LogGround {
  readonly log: AccountLog;
  readonly blobs: BlobStore;
  /** The same data seen by another process. */
  another(): Promise<{ readonly log: AccountLog; readonly blobs: BlobStore }>;
}

/** Cleans up by `t.after`. */
export type MakeLog = (t: TestContext) => Promise<LogGround>;

export const at = (position: number): LogPosition => position as LogPosition;

export const texts = ({ entries }: LogTail): string[] =>
  entries.map(({ position, bytes }) => `${position}:${Buffer.from(bytes).toString()}`);

export function append(
  log: AccountLog,
  account: AccountId,
  position: number,
  bytes: string | Uint8Array,
  blobs: readonly BlobKey[] = [],
): Promise<AppendOutcome> {
  const entry = typeof bytes === 'string' ? bytesOf(bytes) : bytes;
  return log.append({ account, position: at(position), bytes: entry, blobs, readAt: Date.now() });
}

/** A new account with entries e1, e2 … */
export async function filled(log: AccountLog, count: number): Promise<AccountId> {
  const account = newAccountId(systemEntropy);
  for (let position = 1; position <= count; position++)
    assert.deepEqual(await append(log, account, position, `e${position}`), { kind: 'done' });
  return account;
}

export async function manifest({ blobs }: LogGround, account: AccountId): Promise<BlobKey> {
  const key = objectKey(account, 'manifest', systemEntropy);
  await blobs.put(key, bytesOf('manifest'));
  return key;
}

export function occupant(outcome: AppendOutcome): string {
  assert.equal(outcome.kind, 'taken');
  assert.ok(outcome.kind === 'taken' && outcome.occupant);
  return Buffer.from(outcome.occupant).toString();
}
