import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AccountId } from '../../ids.ts';
import type { AccountLog } from '../../ports/account-log.ts';
import type { AdminRecords } from '../../ports/admin-records.ts';
import type { BlobStore } from '../../ports/blob-store.ts';
import type { Directory } from '../../ports/directory.ts';
import type { Leases } from '../../ports/leases.ts';
import type { Notifier } from '../../ports/notifier.ts';
import { EmbeddedAccountLog } from './account-log.ts';
import { EmbeddedAdminRecords } from './admin-records.ts';
import { type BackupReport, backUp } from './backup.ts';
import { BlobFiles, syncFolder } from './blob-files.ts';
import { EmbeddedBlobStore } from './blob-store.ts';
import { EmbeddedDirectory } from './directory.ts';
import { EmbeddedLeases } from './leases.ts';
import { EmbeddedNotifier } from './notifier.ts';
import { giveTo, type Owner, ownerOf } from './owner.ts';
import { openForReading } from './schema.ts';
import { Staging } from './staging.ts';
import { Writer } from './writer.ts';

export { NewerStore, OlderStore } from './schema.ts';
export { StoreClosed } from './writer.ts';

export interface EmbeddedStoreOptions {
  /** Holds everything: `restante.db` with SQLite's companions, and `blobs/`. Made where it is missing. */
  readonly folder: string;
  /** Whether a folder that an older release wrote becomes one of this release; it is refused otherwise. */
  readonly upgrade?: boolean;
  /** How long a write waits for another process's, in milliseconds; 10,000 if not given. */
  readonly busyTimeoutMs?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Called once if the writer's thread dies: every write fails from then on, and only a new process helps. */
  readonly onFailure?: (cause: unknown) => void;
}

export interface EmbeddedStore {
  readonly log: AccountLog;
  readonly blobs: BlobStore;
  readonly directory: Directory;
  readonly adminRecords: AdminRecords;
  readonly leases: Leases;
  readonly notifier: Notifier;
  /** Removed accounts whose log has not been dropped, at most 500: delete their blobs, drop their logs, ask again. */
  removedAccounts(): readonly AccountId[];
  /** Resolves when what crashes left in the folder is cleared; nobody need wait for it. */
  readonly swept: Promise<void>;
  /** Copies the folder to another while it is in use. Throws what the file system says, BackupRefused, or BackupIncomplete: try again. */
  backUp(to: string): Promise<BackupReport>;
  /** Resolves when everything put or asked for is on the disk and the folder is let go; the store is of no use then. */
  close(): Promise<void>;
}

/**
 * Every port on one folder. Several processes may have the folder open at once. Throws NewerStore where a newer release
 * wrote it, OlderStore where an older one did and `upgrade` was not asked for, and what the file system or SQLite said where it cannot be opened.
 */
export async function openEmbeddedStore(options: EmbeddedStoreOptions): Promise<EmbeddedStore> {
  const { folder, upgrade = false, busyTimeoutMs = 10_000, now = Date.now, onFailure = () => {} } = options;
  const path = join(folder, 'restante.db');
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  await makeFile(path, await ownerOf(folder));
  const files = await BlobFiles.open(join(folder, 'blobs'), await ownerOf(path));
  await syncFolder(folder);
  if (made !== undefined) await syncFolder(dirname(made));
  const writer = await Writer.open({ path, busyTimeoutMs, upgrade }, onFailure);
  const reader = openForReading(path, busyTimeoutMs);

  const staging = new Staging(writer);
  const directory = new EmbeddedDirectory(reader, writer, now);
  const notifier = new EmbeddedNotifier(reader);
  const known = reader.prepare('SELECT 1 FROM blobs WHERE file = ?');
  const stopSweep = new AbortController();
  // Garbage only; where the folder cannot be read, whoever needs it will say so.
  const swept = files.sweep((name) => known.get(name) !== undefined, now(), stopSweep.signal).catch(() => {});

  const close = async (): Promise<void> => {
    stopSweep.abort();
    notifier.close();
    directory.close();
    await swept;
    try {
      await staging.close();
    } finally {
      reader.close();
      await writer.close();
    }
  };
  let closing: Promise<void> | undefined;
  return {
    log: new EmbeddedAccountLog(reader, writer, staging, now),
    blobs: new EmbeddedBlobStore(reader, writer, staging, files),
    directory,
    adminRecords: new EmbeddedAdminRecords(reader, writer, now),
    leases: new EmbeddedLeases(writer, now),
    notifier,
    removedAccounts: () => directory.removedAccounts(),
    swept,
    backUp: (to) => backUp(folder, to, busyTimeoutMs),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** Makes the database's file where there is none. Mail is private, also in a folder that others may enter; SQLite gives its companions the same mode and owner. */
async function makeFile(path: string, owner: Owner | undefined): Promise<void> {
  const file = await open(path, 'a', 0o600);
  try {
    if ((await file.stat()).size === 0) await giveTo(owner, file);
  } finally {
    await file.close();
  }
}
