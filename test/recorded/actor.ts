import type { Account } from '../../shared/engine/account.ts';
import { appendMessages } from '../../shared/engine/actions.ts';
import type { Decide } from '../../shared/engine/decision.ts';
import type { EngineParts, MailEngine } from '../../shared/engine/engine.ts';
import type { MailError } from '../../shared/engine/mail-error.ts';
import type { Operation } from '../../shared/engine/operation.ts';
import { type StagedMessage, stageMessage } from '../../shared/engine/stage.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { AccountId, MailboxId } from '../../shared/ids.ts';
import { ok, type Result } from '../../shared/result.ts';
import { generateMessages } from '../support/messages.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import type { RecordedTime } from './time.ts';

const bodies = [...generateMessages(24, 2026)];

function done<T>(result: Result<T, MailError>): T {
  if (!result.ok) throw new Error(result.error.kind);
  return result.value;
}

/** Whoever changes an account in a recording: one thing after another, with time between them. */
export class Actor {
  readonly account: Account;
  readonly engine: MailEngine;
  readonly time: RecordedTime;

  private constructor(account: Account, engine: MailEngine, time: RecordedTime) {
    this.account = account;
    this.engine = engine;
    this.time = time;
  }

  static async open(engine: MailEngine, id: AccountId, time: RecordedTime): Promise<Actor> {
    const { account } = done(await engine.open(id, 'staying', 'perhapsEmpty'));
    return new Actor(account, engine, time);
  }

  id(name: string): MailboxId {
    return this.account.state.mailboxes.named(name)!.id;
  }

  async commit<T>(decide: Decide<T>): Promise<void> {
    this.time.pass(this.time.random.integer(1_000, 600_000));
    await this.account.catchUp();
    done(await this.account.commit(decide));
  }

  /** Any operations at all: also those that no command makes. */
  operate(...operations: Operation[]): Promise<void> {
    return this.commit(() => ok({ operations, answer: () => undefined }));
  }

  /** Puts one of a few messages that differ in every way, by its number. */
  async stage(n: number): Promise<StagedMessage> {
    return done(await this.account.stage(bodies[n % bodies.length]!));
  }

  /** One entry with these messages. */
  async deliver(mailbox: string, flags: readonly string[], ...which: number[]): Promise<void> {
    const requests = [];
    for (const n of which)
      requests.push({
        message: await this.stage(n),
        flags,
        internalDate: 1_700_000_000 + n,
        deliveryId: `event ${n}`,
      });
    await this.commit(appendMessages(mailbox, requests));
  }

  /** As the embedded store has them, which does not compress records: `count` messages with long headers, in one entry. */
  async import(mailbox: string, count: number): Promise<void> {
    const { random } = this.time;
    const raw: EngineParts = { ...this.engine.parts, recordCodec: 'raw' };
    const requests = [];
    for (let n = 0; n < count; n++) {
      const message = done(await stageMessage(raw, this.account.id, longMessage(n, random)));
      const internalDate = random.integer(1, 2 ** 32 - 1);
      requests.push({ message, flags: random.pick(flagSets), internalDate });
    }
    await this.commit(appendMessages(mailbox, requests));
  }

  /** To INBOX, by an engine that knows nothing of the account but its last entry. */
  async deliverUnopened(n: number, by: MailEngine): Promise<void> {
    const message = await this.stage(n);
    const request = { message, internalDate: message.stagedAt, deliveryId: `event ${n}` };
    const outcome = done(await by.appendUnopened(this.account.id, request));
    if (outcome !== 'stored') throw new Error(`message ${n} was not delivered`);
  }
}

export const uids = (...ranges: [number, number][]): UidSet => UidSet.ofRanges(ranges);

const flagSets = [[], ['\\Seen'], ['$Forwarded'], ['\\Seen', '\\Answered'], ['\\Flagged', 'Straße']];

/** Some nine kilobytes of header, most of which pack to nothing. */
const longMessage = (n: number, random: SeededRandom): Buffer =>
  Buffer.from(
    [
      `From: "Sender ${n}" <sender${n}@lists.example.org>`,
      'To: reader@example.org',
      `Subject: Issue ${n}`,
      `Message-ID: <${random.bytes(12).toString('hex')}@lists.example.org>`,
      `X-Noise: ${random.bytes(300).toString('base64')}`,
      ...Array.from({ length: 10 }, () => `X-Filler: ${'poste restante '.repeat(60)}`),
      `X-Length: ${'.'.repeat(random.integer(1, 900))}`,
      '',
      `What was said in issue ${n}: letter ${'abcdefghijklmnopqrstuvwxyz'.slice(n % 24).slice(0, 3)}.`,
      '',
    ].join('\r\n'),
  );
