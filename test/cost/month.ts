import assert from 'node:assert/strict';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, copyMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import { collect } from '../../shared/engine/message-index.ts';
import { purgeExpunged } from '../../shared/engine/retention.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { AccountId, LogPosition } from '../../shared/ids.ts';
import type { AccountLog, AppendRequest, Head, LogTail } from '../../shared/ports/account-log.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { generateMessages } from '../support/messages.ts';
import { day, testClock } from '../support/test-clock.ts';

/** The account that costs are worked out for: what it does on each of the month's thirty days. */
export const model = { days: 30, messagesADay: 50, messageBytes: 25 * 1024, devices: 3 } as const;

/** What a month of the model account asks of the services, counted at the ports. */
export interface Counted {
  readonly messages: number;
  readonly readUnits: number;
  /** Trimming included. */
  readonly writeUnits: number;
  readonly puts: number;
  readonly gets: number;
}

/** Who receives mail: a function for which every delivery is its first, or a server that holds the account. */
export type Receiver = 'function' | 'server';

/** Bytes of an item's keys and attribute names beside the entry. */
const itemOverhead = 100;
const writeUnits = (bytes: number): number => Math.ceil((bytes + itemOverhead) / 1024);

/** A log that counts what its calls would be charged for on DynamoDB. */
class MeteredLog implements AccountLog {
  readonly #log: AccountLog;
  readonly #units = new Map<number, number>();
  readUnits = 0;
  writeUnits = 0;

  constructor(log: AccountLog) {
    this.#log = log;
  }

  async read(account: AccountId, after: LogPosition): Promise<LogTail> {
    const tail = await this.#log.read(account, after);
    // The head is an item of the same query.
    const bytes = tail.entries.reduce(
      (sum, entry) => sum + entry.bytes.length + itemOverhead,
      2 * itemOverhead,
    );
    this.readUnits += Math.ceil(bytes / 4096);
    return tail;
  }

  async append(request: AppendRequest) {
    const outcome = await this.#log.append(request);
    const units = writeUnits(request.bytes.length);
    this.writeUnits += units;
    if (outcome.kind === 'done') this.#units.set(request.position, units);
    return outcome;
  }

  moveHead(account: AccountId, head: Head): Promise<boolean> {
    this.writeUnits += writeUnits(0);
    return this.#log.moveHead(account, head);
  }

  async trim(account: AccountId, upTo: LogPosition): Promise<void> {
    // What is to be deleted is listed first.
    this.readUnits += 1;
    for (const [position, units] of this.#units)
      if (position <= upTo) {
        this.writeUnits += units;
        this.#units.delete(position);
      }
    await this.#log.trim(account, upTo);
  }

  drop(account: AccountId): Promise<void> {
    return this.#log.drop(account);
  }
}

/** Realistic headers with bodies filled up to the model's size. */
const mail = (): readonly Buffer[] =>
  Array.from(generateMessages(100, 7), (message) => {
    const filling = Buffer.alloc(Math.max(0, model.messageBytes - message.length), message);
    return Buffer.concat([message, filling]);
  });

/**
 * One month (or `days`): each message is delivered, its record and body are read for each device, half are marked as read, a tenth is filed and a tenth
 * deleted. As many days went before, so that compaction and trimming are those of every month.
 */
export async function countMonth(receiver: Receiver, days: number = model.days): Promise<Counted> {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  const log = new MeteredLog(store.log);
  const parts = { log, entropy: clock };
  const engine = memoryEngine(store, parts);
  const account = await openIn(engine);
  const server = await openIn(memoryEngine(store, parts), account.id);
  const messages = mail();
  const counts = (): Counted => ({
    messages: number,
    readUnits: log.readUnits,
    writeUnits: log.writeUnits,
    puts: store.blobs.counts.puts,
    gets: store.blobs.counts.gets,
  });
  let number = 0;
  let before = counts();
  for (let today = 0; today < 2 * days; today++) {
    if (today === days) before = counts();
    for (let n = 0; n < model.messagesADay; n++) {
      const receiving = receiver === 'server' ? server : await openIn(memoryEngine(store, parts), account.id);
      await deliver(receiving, messages[number % messages.length]!, number);
      number++;
      await readByDevices(account, number, n);
      await receiving.settle();
      await account.settle();
      clock.advance(day / model.messagesADay);
    }
    // Maintenance visits every account once a day.
    const cutoff = Math.floor((clock.now() - 14 * day) / 1000);
    assert.ok((await purgeExpunged(account, engine.parts, cutoff)).ok);
  }
  const after = counts();
  return {
    messages: after.messages - before.messages,
    readUnits: after.readUnits - before.readUnits,
    writeUnits: after.writeUnits - before.writeUnits,
    puts: after.puts - before.puts,
    gets: after.gets - before.gets,
  };
}

async function deliver(account: Account, bytes: Buffer, number: number): Promise<void> {
  const staged = await account.stage(bytes);
  assert.ok(staged.ok);
  const message = {
    message: staged.value,
    flags: [],
    internalDate: undefined,
    deliveryId: `an event with a long name, ${number}, for somebody`,
  };
  assert.ok((await account.commit(appendMessages('INBOX', [message]))).ok);
}

async function readByDevices(account: Account, number: number, n: number): Promise<void> {
  await account.catchUp();
  await account.records([number]);
  for (let device = 0; device < model.devices; device++) await collect((await account.body(number)).body);
  const one = UidSet.of([number]);
  if (n % 2 === 0) assert.ok((await account.commit(storeFlags(inboxId, one, 'add', ['\\Seen']))).ok);
  if (n % 10 === 3) assert.ok((await account.commit(copyMessages('move', inboxId, one, 'Archive'))).ok);
  if (n % 10 === 7) assert.ok((await account.commit(expungeMessages(inboxId, one))).ok);
}
