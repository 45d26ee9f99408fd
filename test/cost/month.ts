import assert from 'node:assert/strict';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, copyMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import { collect } from '../../shared/engine/message-index.ts';
import { purgeExpunged } from '../../shared/engine/retention.ts';
import { type StagedMessage, stageMessage } from '../../shared/engine/stage.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { AccountId } from '../../shared/ids.ts';
import type { Asked } from '../support/aws-meter.ts';
import { memoryEngine, openIn } from '../support/memory-engine.ts';
import { MemoryLeases } from '../support/memory-store.ts';
import { generateMessages } from '../support/messages.ts';
import { MeteredAws } from '../support/metered-aws.ts';
import { day, testClock } from '../support/test-clock.ts';

/** The account that costs are worked out for: what it does on each of the month's thirty days. */
export const model = { days: 30, messagesADay: 50, messageBytes: 25 * 1024, devices: 3 } as const;

/** What a month of the model account asks of the services, counted where the adapters ask. */
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
  const now = () => clock.now();
  const aws = new MeteredAws(now);
  // Their price is Valkey's.
  const leases = new MemoryLeases(now);
  /** A process that has just started. */
  const start = () => memoryEngine({ ...aws.ports(), leases }, { entropy: clock });
  const account = await openIn(start());
  const anew = () => openIn(start(), account.id);
  const other = await anew();
  const server = await anew();
  const messages = mail();
  const counts = (): Counted => ({ messages: number, ...countedOf(aws.meter.total) });
  let number = 0;
  let before = counts();
  for (let today = 0; today < 2 * days; today++) {
    if (today === days) before = counts();
    for (let n = 0; n < model.messagesADay; n++) {
      const message = messages[number % messages.length]!;
      if (receiver === 'server') await deliver(server, message, number);
      else await deliverUnopened(start(), account.id, message, number);
      number++;
      await readByDevices([account, account, other], number, n);
      for (const one of [server, account, other]) await one.settle();
      clock.advance(day / model.messagesADay);
    }
    // Maintenance visits every account once a day.
    const engine = start();
    const cutoff = Math.floor((clock.now() - 14 * day) / 1000);
    assert.ok((await purgeExpunged(await openIn(engine, account.id), engine.parts, cutoff)).ok);
  }
  const counted = difference(counts(), before);
  account.rest();
  const closed = counts();
  await (await anew()).load(inboxId);
  return { counted, settled: { restingBytes: account.bytes, cold: difference(counts(), closed) } };
}

const countedOf = ({ requests, refused, ...units }: Asked): Omit<Counted, 'messages'> => {
  const { PutItem: appends = 0, PutObject: puts = 0, GetObject: gets = 0, HeadObject: heads = 0 } = requests;
  return {
    entries: appends - refused,
    readUnits: units.readUnits,
    writeUnits: units.writeUnits,
    puts,
    gets: gets + heads,
  };
};

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
