import assert from 'node:assert/strict';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, copyMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import { collect } from '../../shared/engine/message-index.ts';
import { purgeExpunged } from '../../shared/engine/retention.ts';
import { type StagedMessage, stageMessage } from '../../shared/engine/stage.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { AccountId, LogPosition } from '../../shared/ids.ts';
import type { AccountLog, AppendRequest, Head, LogEnd, LogTail } from '../../shared/ports/account-log.ts';
import { memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { generateMessages } from '../support/messages.ts';
import { day, testClock } from '../support/test-clock.ts';

/** The account that costs are worked out for: what it does on each of the month's thirty days. */
export const model = { days: 30, messagesADay: 50, messageBytes: 25 * 1024, devices: 3 } as const;

/** What a month of the model account asks of the services, counted at the ports. */
export interface Counted {
  readonly messages: number;
  /** Entries that were written: each is told to those who watch. */
  readonly entries: number;
  readonly readUnits: number;
  /** Trimming included. */
  readonly writeUnits: number;
  readonly puts: number;
  readonly gets: number;
}

/** The account at the end of the month. */
export interface Settled {
  /** Bytes of memory that it takes where nobody asks for anything. */
  readonly restingBytes: number;
  /** What a session costs that finds it closed: of POP3, which wants INBOX's rows. */
  readonly cold: Pick<Counted, 'readUnits' | 'gets'>;
}

/** Who receives mail: a function for which every delivery is its first, or a server that holds the account. */
export type Receiver = 'function' | 'server';

/** Bytes of an item's keys and attribute names beside the entry. */
const itemOverhead = 100;
/** A first reader takes the newest items, folded ones among them: those stay a day (shared/adapters/aws/account-log.ts). */
const newestItems = 66;
const writeUnits = (bytes: number): number => Math.ceil((bytes + itemOverhead) / 1024);

/** A log that counts what its calls would be charged for on DynamoDB. */
class MeteredLog implements AccountLog {
  readonly #log: AccountLog;
  /** Bytes of the items that are there, in their order. */
  readonly #items = new Map<number, number>();
  entries = 0;
  readUnits = 0;
  writeUnits = 0;

  constructor(log: AccountLog) {
    this.#log = log;
  }

  async read(account: AccountId, after: LogPosition): Promise<LogTail> {
    const tail = await this.#log.read(account, after);
    const read =
      after === 0
        ? [...this.#items.values()].slice(-Math.max(newestItems - 1, tail.entries.length))
        : tail.entries.map((entry) => entry.bytes.length + itemOverhead);
    // The head is an item of the same query.
    const bytes = read.reduce((sum, item) => sum + item, 2 * itemOverhead);
    this.readUnits += Math.ceil(bytes / 4096);
    return tail;
  }

  async readEnd(account: AccountId): Promise<LogEnd> {
    const end = await this.#log.readEnd(account);
    this.readUnits += Math.ceil(((end.last?.bytes.length ?? 0) + 2 * itemOverhead) / 4096);
    return end;
  }

  async append(request: AppendRequest) {
    const outcome = await this.#log.append(request);
    this.writeUnits += writeUnits(request.bytes.length);
    if (outcome.kind === 'done') {
      this.entries++;
      this.#items.set(request.position, request.bytes.length + itemOverhead);
    }
    return outcome;
  }

  moveHead(account: AccountId, head: Head): Promise<boolean> {
    this.writeUnits += writeUnits(0);
    return this.#log.moveHead(account, head);
  }

  async trim(account: AccountId, upTo: LogPosition): Promise<void> {
    // What is to be deleted is listed first.
    this.readUnits += 1;
    for (const [position, bytes] of this.#items)
      if (position <= upTo) {
        this.writeUnits += writeUnits(bytes - itemOverhead);
        this.#items.delete(position);
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
 * deleted. The devices' sessions are on two tasks. As many days went before, so that compaction and trimming are those of every month.
 */
export async function countMonth(
  receiver: Receiver,
  days: number = model.days,
): Promise<{ readonly counted: Counted; readonly settled: Settled }> {
  const clock = testClock();
  const store = memoryStore(() => clock.now());
  const log = new MeteredLog(store.log);
  const parts = { log, entropy: clock };
  const account = await openIn(memoryEngine(store, parts));
  const anew = () => openIn(memoryEngine(store, parts), account.id);
  const other = await anew();
  const server = await anew();
  const messages = mail();
  const counts = (): Counted => ({
    messages: number,
    entries: log.entries,
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
      const message = messages[number % messages.length]!;
      if (receiver === 'server') await deliver(server, message, number);
      else await deliverUnopened(memoryEngine(store, parts), account.id, message, number);
      number++;
      await readByDevices([account, account, other], number, n);
      for (const one of [server, account, other]) await one.settle();
      clock.advance(day / model.messagesADay);
    }
    // Maintenance visits every account once a day.
    const engine = memoryEngine(store, parts);
    const cutoff = Math.floor((clock.now() - 14 * day) / 1000);
    assert.ok((await purgeExpunged(await openIn(engine, account.id), engine.parts, cutoff)).ok);
  }
  const counted = difference(counts(), before);
  account.rest();
  const closed = counts();
  await (await anew()).load(inboxId);
  return { counted, settled: { restingBytes: account.bytes, cold: difference(counts(), closed) } };
}

const difference = (after: Counted, before: Counted): Counted => ({
  messages: after.messages - before.messages,
  entries: after.entries - before.entries,
  readUnits: after.readUnits - before.readUnits,
  writeUnits: after.writeUnits - before.writeUnits,
  puts: after.puts - before.puts,
  gets: after.gets - before.gets,
});

const deliveryIdOf = (number: number) => `an event with a long name, ${number}, for somebody`;

async function deliver(account: Account, bytes: Buffer, number: number): Promise<void> {
  const staged = await account.stage(bytes);
  assert.ok(staged.ok);
  await append(account, staged.value, number);
}

async function append(account: Account, message: StagedMessage, number: number): Promise<void> {
  const request = { message, flags: [], internalDate: undefined, deliveryId: deliveryIdOf(number) };
  assert.ok((await account.commit(appendMessages('INBOX', [request]))).ok);
}

/** By a process that begins with it, as services/inbound/ses/store-message.ts does. */
async function deliverUnopened(
  engine: MailEngine,
  id: AccountId,
  bytes: Buffer,
  number: number,
): Promise<void> {
  const staged = await stageMessage(engine.parts, id, bytes);
  assert.ok(staged.ok);
  const { stagedAt: internalDate } = staged.value;
  const request = { message: staged.value, internalDate, deliveryId: deliveryIdOf(number) };
  const appended = await engine.appendUnopened(id, request);
  assert.ok(appended.ok);
  if (appended.value === 'mustOpen') await append(await openIn(engine, id), staged.value, number);
  await engine.settle();
}

/** Each device by the task that its session is on; the first is the one that a person works with. */
async function readByDevices(devices: readonly Account[], number: number, n: number): Promise<void> {
  for (const account of new Set(devices)) {
    await account.catchUp();
    await account.records([number]);
  }
  for (const account of devices) await collect((await account.body(number)).body);
  const account = devices[0]!;
  const one = UidSet.of([number]);
  if (n % 2 === 0) assert.ok((await account.commit(storeFlags(inboxId, one, 'add', ['\\Seen']))).ok);
  if (n % 10 === 3) assert.ok((await account.commit(copyMessages('move', inboxId, one, 'Archive'))).ok);
  if (n % 10 === 7) assert.ok((await account.commit(expungeMessages(inboxId, one))).ok);
  // What the one changes, the others are told.
  for (const other of devices.slice(1)) if (other !== account) await other.catchUp();
}
