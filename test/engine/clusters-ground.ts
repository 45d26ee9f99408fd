import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { checkClusters } from '../../services/maintenance/verify/check-clusters.ts';
import { Findings } from '../../services/maintenance/verify/findings.ts';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, copyMessages } from '../../shared/engine/actions.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import type { Slice } from '../../shared/engine/frame.ts';
import type { Cluster, Column } from '../../shared/engine/segment.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { MailboxId } from '../../shared/ids.ts';
import { MessageParser } from '../../shared/message/parser.ts';
import { encodeRecord } from '../../shared/message/record-codec.ts';
import { requests } from '../budgets/big-account.ts';
import { type MemoryStore, memoryEngine, memoryStore, openIn } from '../support/memory-engine.ts';
import { day, type TestClock, testClock } from '../support/test-clock.ts';

export const columns = ['records', 'fields', 'structures'] as const;
export const kilobyte = 1024;

/** One account in a store that counts. */
export class Place {
  readonly clock: TestClock = testClock();
  readonly store: MemoryStore = memoryStore(() => this.clock.now());
  readonly scatteredBytes: number;
  account!: Account;
  /** In the header of each of its messages. */
  readonly mark = randomBytes(9).toString('base64url');
  #brought = 0;

  constructor(scatteredBytes: number) {
    this.scatteredBytes = scatteredBytes;
  }

  static async make(scatteredBytes = 64 * kilobyte): Promise<Place> {
    const place = new Place(scatteredBytes);
    place.account = await openIn(place.process());
    return place;
  }

  process() {
    return memoryEngine(this.store, {
      entropy: this.clock,
      scatteredBytes: this.scatteredBytes,
      longTail: 3,
      frames: new ByteCache(32 * kilobyte * kilobyte),
      replacedLifetime: day,
    });
  }

  fresh(): Promise<Account> {
    return openIn(this.process(), this.account.id);
  }

  /** Messages as they come, each with a record of its own. */
  async bring(count: number, mailbox = 'INBOX'): Promise<void> {
    const all = requests(this.account.id, this.clock, count, this.#brought).map((request, i) => {
      const parser = new MessageParser();
      const no = this.#brought + i + 1;
      parser.push(
        Buffer.from(
          `Subject: message ${no}\r\nFrom: ${this.mark}@example.test\r\n` +
            `Message-ID: <${randomBytes(150).toString('base64')}@b>\r\n` +
            `X-Noise: ${randomBytes(600).toString('base64')}\r\n\r\n`,
        ),
      );
      return { ...request, message: { ...request.message, record: encodeRecord(parser.end(), 'raw') } };
    });
    this.#brought += count;
    await this.commit(appendMessages(mailbox, all));
  }

  async commit(decide: Parameters<Account['commit']>[0]): Promise<void> {
    const done = await this.account.commit(decide);
    assert.ok(done.ok, done.ok ? '' : done.error.kind);
    this.clock.advance(1000);
  }

  id(name: string): MailboxId {
    return this.account.state.mailboxes.named(name)!.id;
  }

  file(uids: readonly number[], to: string, from = inboxId): Promise<void> {
    return this.commit(copyMessages('move', from, UidSet.of(uids), to));
  }

  /** What verify says of the copies. */
  async wrong(): Promise<readonly string[]> {
    const findings = new Findings();
    const account = await this.fresh();
    await checkClusters(account, { ...this.store, sleep: async () => undefined }, findings);
    return findings.told.map(({ what }) => what);
  }

  get clusters(): readonly Cluster[] {
    return this.account.messages.settled.clusters;
  }

  async compact(): Promise<void> {
    await this.account.settle();
    await this.account.compact();
  }
}

export const numbersIn = async (account: Account, mailbox: MailboxId): Promise<number[]> => {
  await account.load(mailbox);
  return account.state.mailboxes
    .get(mailbox)!
    .chunks.flatMap(({ fixed, length }) => [...fixed.message.subarray(0, length)]);
};

export const octets = (slice: Slice | undefined) => slice?.bytes.toString('latin1', slice.from, slice.to);

export async function read(account: Account, numbers: readonly number[], column: Column, of?: MailboxId) {
  if (column !== 'records') return (await account.answers(numbers, column, of)).map(octets);
  return (await account.messages.encodedRecords(numbers, of)).map((each) =>
    Buffer.from(each).toString('latin1'),
  );
}

/** Every tenth, from the third on. */
export const tenth = (upTo: number, from = 0): number[] =>
  Array.from({ length: Math.floor((upTo - from) / 10) }, (_, i) => from + i * 10 + 3);
