import type { Readable, Writable } from 'node:stream';
import type { Redriven, RedriveOptions } from '../../shared/adapters/aws/redrive.ts';
import type { AccountId } from '../../shared/ids.ts';
import type { AccountLog } from '../../shared/ports/account-log.ts';
import type { AdminRecords } from '../../shared/ports/admin-records.ts';
import type { BlobStore } from '../../shared/ports/blob-store.ts';
import type { Directory } from '../../shared/ports/directory.ts';
import type { Leases } from '../../shared/ports/leases.ts';
import type { Notifier } from '../../shared/ports/notifier.ts';
import type { PasswordMarks } from '../../shared/ports/password-marks.ts';
import type { Result } from '../../shared/result.ts';
import type { SesSend } from '../submission/ses-relay.ts';
import type { RemoteApi } from './remote-choice.ts';
import type { StoreChoice } from './store-choice.ts';
import type { FromWorker, ToWorker } from './workers/news.ts';

/** Every port, on one data folder or on AWS. */
export interface Store {
  readonly kind: StoreChoice['kind'];
  /** Dropping a log also forgets that its account was removed. */
  readonly log: AccountLog;
  readonly blobs: BlobStore;
  readonly directory: Directory;
  readonly adminRecords: AdminRecords;
  readonly leases: Leases;
  readonly notifier: Notifier;
  /** Passwords that other machines on this store have verified, and the key of their marks; undefined where each remembers its own. */
  readonly passwordMarks?: { readonly key: Uint8Array; readonly marks: PasswordMarks };
  /** Removed accounts whose data is still there, at most 500. */
  removedAccounts(): readonly AccountId[] | Promise<readonly AccountId[]>;
  /** Copies all of it to a folder while it is in use; undefined where the store keeps its own backups. */
  readonly backUp?: (folder: string) => Promise<BackupReport>;
  /** Resolves when all that was asked for is durable. */
  close(): Promise<void>;
}

export interface BackupReport {
  /** Files copied now, with their bytes. */
  readonly copied: { readonly files: number; readonly bytes: number };
  readonly files: number;
  readonly databaseBytes: number;
}

export interface OpenStoreOptions {
  /** 'required': a folder without a store is an error, so that a mistyped path does not become an empty server. */
  readonly existing: 'required' | 'optional';
  /** Whether a data folder of an older release is upgraded: it is refused otherwise, since as a backup it may be the way back. */
  readonly upgrade?: boolean;
  /** Called once if the store fails for good: only a new process helps. */
  readonly onFailure?: (cause: unknown) => void;
}

/** Why a command did not do what it was asked: one line for a person, and what the process says with its exit code. */
export interface CommandError {
  /** 1: it failed; 2: wrong usage or configuration. */
  readonly exitCode: 1 | 2;
  readonly message: string;
}

export type CommandOutcome = Result<void, CommandError>;

export const failed = (message: string): { readonly ok: false; readonly error: CommandError } => ({
  ok: false,
  error: { exitCode: 1, message },
});

export const wrongUsage = (message: string): { readonly ok: false; readonly error: CommandError } => ({
  ok: false,
  error: { exitCode: 2, message },
});

/** A terminal, or whatever stands in its place. */
export type Output = Writable & { readonly isTTY?: boolean; readonly columns?: number };

/** Why and how a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A process that this one started, to share its ports. */
export interface StartedProcess {
  readonly pid: number;
  /** `sent` is called when the message is in the pipe, or never will be. */
  send(message: ToWorker, sent?: () => void): void;
  onMessage(listener: (message: FromWorker) => void): void;
  /** What it says on standard error: one or more whole lines at a time. */
  onLines(listener: (lines: string) => void): void;
  readonly ended: Promise<ProcessEnd>;
  /** As `kill -9` does. */
  kill(): void;
}

/** The way from a started process to the one that started it. Where that ends, so does this process, at once. */
export interface FirstProcess {
  /** `sent` is called when the message is in the pipe, or never will be. */
  send(message: FromWorker, sent?: () => void): void;
  onMessage(listener: (message: ToWorker) => void): void;
}

/** How one server is several processes: what listens in a started process listens on the ports of the first. */
export interface Processes {
  /** Undefined in the first process. */
  readonly first: FirstProcess | undefined;
  /** Starts this program once more, with the same arguments and environment. */
  start(): StartedProcess;
}

/** What the command line has from its process: chosen and read in main.ts, nowhere else. */
export interface CommandContext {
  readonly version: string;
  readonly nodeVersion: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  readonly stdout: Output;
  readonly stderr: Output;
  /** A secret's text, to be read again and again. */
  readSecret(id: string): Promise<() => Promise<string | undefined>>;
  /** What sends by SES. */
  sesSender(region: string): Promise<SesSend>;
  /** Gives what lies in a dead-letter queue on AWS back to the queue that it came from. */
  redrive(options: Omit<RedriveOptions, 'sleep'>): Promise<Redriven>;
  openStore(choice: StoreChoice, options: OpenStoreOptions): Promise<Result<Store, string>>;
  /** The AWS store that the command's options or the environment name; undefined where the data folder is meant. */
  readonly awsStore: StoreChoice | undefined;
  /** The admin API that the command's options or the environment name; undefined where a store is meant. */
  readonly remote: RemoteApi | undefined;
  readonly processes: Processes;
  /** Calls back with each signal that asks the process to end; the returned function ends that. */
  onSignal(listener: (signal: string) => void): () => void;
  /** Calls back when the process is to read its certificate again: SIGHUP. The returned function ends that. */
  onReload(listener: () => void): () => void;
  /** Calls back with what nobody caught; the process must end then. The returned function ends that. */
  onFault(listener: (cause: unknown, where: string) => void): () => void;
  /** Ends the process at once. */
  exit(code: number): never;
}
