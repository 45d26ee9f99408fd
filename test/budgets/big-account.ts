import assert from 'node:assert/strict';
import type { Account } from '../../shared/engine/account.ts';
import { type AppendRequest, appendMessages } from '../../shared/engine/actions.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import type { EngineParts, MailEngine } from '../../shared/engine/engine.ts';
import { createMailbox } from '../../shared/engine/mailbox-actions.ts';
import { type AccountId, newEmailId } from '../../shared/ids.ts';
import { MessageParser } from '../../shared/message/parser.ts';
import { encodeRecord } from '../../shared/message/record-codec.ts';
import { type MemoryStore, memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { generateMessages } from '../support/messages.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { type TestClock, testClock } from '../support/test-clock.ts';

/** Header records of realistic messages, used again and again: what the budgets count does not depend on their being different. */
export function sampleRecords(
  count = 200,
): readonly { readonly record: Uint8Array; readonly size: number }[] {
  return Array.from(generateMessages(count, 7), (message) => {
    const parser = new MessageParser();
    parser.push(message);
    return { record: encodeRecord(parser.end()), size: message.length };
  });
}

const records = sampleRecords();
const appendedAtOnce = 1000;

/** Requests to append messages that are nowhere but in the request: their bytes are never read here. */
export function requests(account: AccountId, clock: TestClock, count: number, from = 0): AppendRequest[] {
  const random = new SeededRandom(from + 1);
  return Array.from({ length: count }, (_, i) => {
    const { record, size } = records[(from + i) % records.length]!;
    // Mail comes a few minutes apart.
    const seconds = Math.floor(clock.now() / 1000) - 90 * 24 * 3600 + i * 60 + random.integer(0, 50);
    const message = {
      account,
      emailId: newEmailId(clock),
      size,
      record,
      stagedAt: Math.floor(clock.now() / 1000),
    };
    return { message, flags: random.chance(0.8) ? ['\\Seen'] : [], internalDate: seconds };
  });
}

export async function fill(
  account: Account,
  clock: TestClock,
  mailbox: string,
  count: number,
): Promise<void> {
  for (let from = 0; from < count; from += appendedAtOnce) {
    const some = requests(account.id, clock, Math.min(appendedAtOnce, count - from), from);
    const appended = await account.commit(appendMessages(mailbox, some));
    assert.ok(appended.ok, appended.ok ? '' : appended.error.kind);
    clock.advance(1000);
  }
}

/** The sizes of mailbox that budgets are counted at: these, or what the environment says. */
export const sizes: readonly number[] = (process.env.BUDGET_MESSAGES ?? '1000').split(',').map(Number);

/** Mailboxes beside INBOX in a world of `BudgetWorld.of`. */
export const mailboxes = 200;
/** The last message of its INBOX, the only one that is there to be read. */
export const wholeMessage = 'Subject: whole\r\n\r\nText\r\n';

/** A store with one account, and what it takes to open it in another process. */
export class BudgetWorld {
  readonly clock = testClock();
  readonly store: MemoryStore = memoryStore(() => this.clock.now());
  readonly parts: Partial<EngineParts> = { entropy: this.clock };
  engine!: MailEngine;
  account!: Account;

  static async make(): Promise<BudgetWorld> {
    const world = new BudgetWorld();
    world.engine = world.process();
    world.account = await openIn(world.engine);
    return world;
  }

  /** One whose INBOX has so many messages, among 200 mailboxes of one message; all of it folded. */
  static async of(messages: number): Promise<BudgetWorld> {
    const world = await BudgetWorld.make();
    const { account, clock } = world;
    await fill(account, clock, 'INBOX', messages - 1);
    await Promise.all(
      Array.from({ length: mailboxes }, async (_, i) => {
        assert.ok((await account.commit(createMailbox(`box ${i}`))).ok);
        assert.ok((await account.commit(appendMessages(`box ${i}`, requests(account.id, clock, 1, i)))).ok);
      }),
    );
    const staged = await account.stage(Buffer.from(wholeMessage));
    assert.ok(staged.ok);
    const whole = { message: staged.value, flags: [], internalDate: undefined };
    assert.ok((await account.commit(appendMessages('INBOX', [whole]))).ok);
    await account.settle();
    await account.compact();
    return world;
  }

  /** A process that has just started. */
  process(): MailEngine {
    return memoryEngine(this.store, { ...this.parts, frames: new ByteCache(64 << 20) });
  }

  /** The account in a process that has just started. */
  fresh(): Promise<Account> {
    return openIn(this.process(), this.account.id);
  }

  /** What something costs at the ports. */
  async cost(run: () => Promise<unknown>): Promise<Cost> {
    const before = this.#counts();
    await run();
    const after = this.#counts();
    return Object.fromEntries(
      Object.entries(after).map(([name, count]) => [name, count - before[name as keyof Cost]]),
    ) as unknown as Cost;
  }

  #counts(): Cost {
    const { log, blobs, leases } = this.store;
    return {
      queries: log.counts.reads,
      queryBytes: log.counts.readBytes,
      logPuts: log.counts.puts,
      logPutBytes: log.counts.putBytes,
      headMoves: log.counts.headMoves,
      gets: blobs.counts.gets,
      getBytes: blobs.counts.getBytes,
      puts: blobs.counts.puts,
      putBytes: blobs.counts.putBytes,
      leaseWrites: leases.counts.writes,
    };
  }
}

export interface Cost {
  /** Reads of the log, and bytes of entries they returned. */
  readonly queries: number;
  readonly queryBytes: number;
  readonly logPuts: number;
  readonly logPutBytes: number;
  readonly headMoves: number;
  readonly gets: number;
  readonly getBytes: number;
  readonly puts: number;
  readonly putBytes: number;
  readonly leaseWrites: number;
}

export const none: Cost = {
  queries: 0,
  queryBytes: 0,
  logPuts: 0,
  logPutBytes: 0,
  headMoves: 0,
  gets: 0,
  getBytes: 0,
  puts: 0,
  putBytes: 0,
  leaseWrites: 0,
};
