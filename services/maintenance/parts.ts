import type { MailEngine } from '../../shared/engine/engine.ts';
import type { AccountId } from '../../shared/ids.ts';
import type { Directory } from '../../shared/ports/directory.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';
import type { Timers } from './timers.ts';

/** What a pass over the accounts works with. */
export interface MaintenanceParts {
  readonly engine: MailEngine;
  readonly directory: Directory;
  /** Removed accounts whose data is still there, a page at a time: those that are collected leave it. */
  readonly removedAccounts: () => readonly AccountId[] | Promise<readonly AccountId[]>;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics;
}
