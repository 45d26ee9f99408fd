import assert from 'node:assert/strict';
import { after } from 'node:test';
import type { MaintenanceParts } from '../../services/maintenance/parts.ts';
import {
  type Maintenance,
  type MaintenanceOptions,
  startMaintenance,
} from '../../services/maintenance/schedule.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../shared/adapters/embedded/store.ts';
import type { Account } from '../../shared/engine/account.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { type EngineParts, MailEngine } from '../../shared/engine/engine.ts';
import { initialiseAccount } from '../../shared/engine/mailbox-actions.ts';
import { type AccountId, newAccountId } from '../../shared/ids.ts';
import type { Address, DomainName } from '../../shared/ports/directory.ts';
import type { LogEvent } from '../../shared/telemetry/events.ts';
import { type LoggedEvent, memoryLog } from '../../shared/telemetry/log.ts';
import { createMetrics, type Metrics } from '../../shared/telemetry/metrics.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { hour, type TestClock, testClock } from '../support/test-clock.ts';

type Named<K extends LogEvent['event']> = Extract<LogEvent, { event: K }>;

/** An installation with one domain on a clock of its own, and maintenance on it as often as a test asks for it. */
export interface Installation {
  readonly clock: TestClock;
  readonly store: EmbeddedStore;
  readonly engine: MailEngine;
  readonly metrics: Metrics;
  readonly parts: MaintenanceParts;
  readonly logged: readonly LoggedEvent[];
  /** A new account of the directory, open. */
  account(): Promise<Account>;
  events<K extends LogEvent['event']>(event: K): Named<K>[];
  /** Starts the schedule; it is stopped with the test. */
  start(options?: Partial<MaintenanceOptions>, change?: Partial<MaintenanceParts>): Maintenance;
  /** Moves the clock until one more pass has ended, by whichever process. */
  nextPass(): Promise<Named<'maintenance.pass'>>;
  /** Moves the clock by hours, five minutes at a time, and lets what goes off meanwhile end. */
  live(hours: number): Promise<void>;
}

export async function installation(change: Partial<EngineParts> = {}): Promise<Installation> {
  const clock = testClock();
  const store = await openEmbeddedStore({ folder: temporaryFolder(), now: clock.now });
  const engine = new MailEngine({
    log: store.log,
    blobs: store.blobs,
    leases: store.leases,
    notifier: store.notifier,
    entropy: clock,
    sleep: () => new Promise((resolve) => void setImmediate(resolve)),
    frames: new ByteCache(1024 * 1024),
    idleBytes: 64 * 1024 * 1024,
    inlineBytes: 256 * 1024,
    recordCodec: 'raw',
    scatteredBytes: 2 * 1024 * 1024,
    longTail: 3,
    replacedLifetime: 24 * hour,
    onError: (what, account, cause) => console.error(what, account, cause),
    ...change,
  });
  const log = memoryLog();
  const metrics = createMetrics();
  const started: Maintenance[] = [];
  after(async () => {
    for (const { stop } of started) await stop(10_000);
    await engine.close();
    await store.close();
  });
  await store.directory.addTenant({ id: 'default', name: 'default', createdAt: 0 });
  await store.directory.addDomain({ name: 'example.test' as DomainName, tenant: 'default', createdAt: 0 });
  const parts: MaintenanceParts = {
    engine,
    directory: store.directory,
    removedAccounts: () => store.removedAccounts(),
    timers: clock,
    log,
    metrics,
  };
  let count = 0;

  const events = <K extends LogEvent['event']>(name: K) =>
    log.events.map(({ event }) => event).filter((event): event is Named<K> => event.event === name);
  /** What the clock set off has ended: the clock stands still meanwhile. */
  const settle = async () => {
    for (const { idle } of started) await idle();
  };
  return {
    clock,
    store,
    engine,
    metrics,
    parts,
    logged: log.events,
    events,
    async account() {
      const id: AccountId = newAccountId(clock);
      const address = `user${String(++count).padStart(3, '0')}@example.test` as Address;
      const added = await store.directory.addAccount({
        id,
        address,
        tenant: 'default',
        displayName: '',
        status: 'active',
        protocols: ['imap'],
        pop3Deletion: 'expunge',
        passwordHash: undefined,
        credentialVersion: 1,
        appPasswords: [],
        createdAt: clock.now(),
      });
      assert.ok(added.ok);
      const opened = await engine.open(id, 'staying', 'perhapsEmpty');
      assert.ok(opened.ok);
      const { account } = opened.value;
      await account.commit(initialiseAccount(undefined));
      return account;
    },
    start(options = {}, changed = {}) {
      const all = { ...parts, leases: store.leases, ...changed };
      const running = startMaintenance(all, { retention: 14 * 24 * hour, ...options });
      started.push(running);
      return running;
    },
    async nextPass() {
      const before = events('maintenance.pass').length;
      for (let minutes = 0; minutes < 30 * 24 * 60; minutes += 5) {
        clock.advance(5 * 60_000);
        await settle();
        const passes = events('maintenance.pass');
        if (passes.length > before) return passes[before]!;
      }
      throw new Error('no pass in 30 days');
    },
    async live(hours) {
      for (let i = 0; i < hours * 12; i++) {
        clock.advance(5 * 60_000);
        await settle();
      }
    },
  };
}
