import assert from 'node:assert/strict';
import type { Account } from '../../shared/engine/account.ts';
import { storeFlags } from '../../shared/engine/actions.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import type { ObjectCache } from '../../shared/engine/frame-reader.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { Asked } from '../support/aws-meter.ts';
import { memoryEngine, openIn } from '../support/memory-engine.ts';
import { type AwsPorts, MeteredAws } from '../support/metered-aws.ts';
import { day, testClock } from '../support/test-clock.ts';
import { fill } from './big-account.ts';

/** Objects that a snapshot no longer names stay as long as backups of the table do. */
const replacedLifetime = 35 * day;

/** Folding waits for a lull that never comes: it is done where a test says so. */
const never = () => new Promise<void>(() => undefined);

/** What a process has. */
export interface AwsProcess {
  readonly ports: AwsPorts;
  readonly engine: MailEngine;
}

/** An account behind the real adapters for AWS, whose requests are counted, and what it takes to open it in another process. */
export class AwsWorld {
  readonly clock = testClock();
  readonly aws = new MeteredAws(() => this.clock.now());
  account!: Account;

  /** So many messages in INBOX, all folded; of the entries, many are still in the log. */
  static async settled(messages: number, entries: number): Promise<AwsWorld> {
    const world = new AwsWorld();
    world.account = await openIn(world.process().engine);
    await fill(world.account, world.clock, 'INBOX', messages);
    for (let n = 0; n < entries; n++) {
      const one = UidSet.of([(n % messages) + 1]);
      assert.ok((await world.account.commit(storeFlags(inboxId, one, 'add', [`k${n % 20}`]))).ok);
    }
    await world.account.settle();
    await world.account.compact();
    return world;
  }

  /** One that has just started. */
  process(): AwsProcess {
    const ports = this.aws.ports();
    const frames: ObjectCache = new ByteCache(64 << 20);
    const parts = { entropy: this.clock, sleep: never, frames, replacedLifetime };
    return { ports, engine: memoryEngine(ports, parts) };
  }

  /** The account in a process that has just started. */
  fresh(): Promise<Account> {
    return openIn(this.process().engine, this.account.id);
  }

  asked(run: () => Promise<unknown>): Promise<Asked> {
    return this.aws.meter.asked(run);
  }
}
