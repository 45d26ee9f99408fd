import { type AccountId, type BlobKey, type LogPosition, messageKey } from '../ids.ts';
import { err, ok, type Result } from '../result.ts';
import { stagedLifetime } from './actions.ts';
import { type BuiltEntry, buildEntry } from './build-entry.ts';
import { clockTolerance, maxGroup, maxWaiting, settleTime, tailLifetime } from './commit.ts';
import { tailEntries } from './compactor.ts';
import { Contention } from './contention.ts';
import type { EngineParts } from './engine.ts';
import { decodeEntry, type Entry } from './entry.ts';
import { EntrySender } from './entry-sender.ts';
import { type MailError, unavailable } from './mail-error.ts';
import type { Operation } from './operation.ts';
import { encodeOperations } from './operation-codec.ts';
import { rulesWritten } from './rules.ts';
import type { StagedMessage } from './stage.ts';
import { inboxId } from './state.ts';

/** A delivery to INBOX. */
export interface UnopenedAppend {
  readonly message: StagedMessage;
  /** Seconds since 1970. */
  readonly internalDate: number;
  readonly deliveryId: string;
}

/**
 * 'stored' also where the account had the message already, which only who knows the account can tell. 'mustOpen': the last entry does not say enough; nothing was
 * written for it, and who opens the account decides.
 */
export type UnopenedOutcome = 'stored' | 'mustOpen';

interface Waiting {
  readonly request: UnopenedAppend;
  readonly answer: (result: Result<UnopenedOutcome, MailError>) => void;
}

/** What the last entry says of the account. */
type LastEntry = Pick<Entry, 'position' | 'time' | 'usage' | 'limit'>;

/** One position in so many is for a writer that knows the account, once a log is long enough to be folded: who writes it asks for that. */
const lookedAfter = 16;

/**
 * Delivers to an account without opening it (decision 0012). UIDs, the fate of a known delivery id and all else follow from replay: a delivery needs the last
 * entry's number, its time, the usage and the limit. Deliveries that wait while an entry is being written share the next one.
 */
export class UnopenedWriter {
  readonly id: AccountId;
  readonly #parts: EngineParts;
  readonly #sender: EntrySender<BuiltEntry>;
  readonly #contention: Contention;
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #last: LastEntry | undefined;
  #head = 0;
  #readAt = 0;

  constructor(id: AccountId, parts: EngineParts) {
    this.id = id;
    this.#parts = parts;
    this.#sender = new EntrySender(this, parts);
    this.#contention = new Contention(parts);
  }

  get state(): { readonly position: LogPosition } {
    return { position: Math.max(this.#last?.position ?? 0, this.#head) as LogPosition };
  }

  get readAt(): number {
    return this.#readAt;
  }

  append(request: UnopenedAppend): Promise<Result<UnopenedOutcome, MailError>> {
    if (this.#waiting.length >= maxWaiting) return Promise.resolve(err(unavailable('too many changes wait')));
    return new Promise((answer) => {
      this.#waiting.push({ request, answer });
      this.#running ??= this.#run();
    });
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Reads the log's end. An entry of a newer release is thrown, as it is where the account is opened. */
  async catchUp(): Promise<void> {
    const readAt = this.#parts.entropy.now();
    const { head, last } = await this.#parts.log.readEnd(this.id);
    this.#last = last && decodeEntry(last.position, last.bytes);
    this.#head = head?.position ?? 0;
    this.#readAt = readAt;
  }

  async adopt({ entry }: BuiltEntry): Promise<void> {
    this.#last = entry;
    this.#parts.notifier.announce(this.id, entry.position);
  }

  async #run(): Promise<void> {
    // Everything asked for in this turn of the event loop may share the entry.
    await Promise.resolve();
    for (;;) {
      const group: Waiting[] = [];
      try {
        await this.#write(group);
      } catch (cause) {
        for (const { answer } of group.concat(this.#waiting.splice(0))) answer(err(unavailable(cause)));
      }
      if (this.#waiting.length > 0) continue;
      this.#running = undefined;
      return;
    }
  }

  /** Writes one entry of what waits, again wherever another writer was first. */
  async #write(group: Waiting[]): Promise<void> {
    const { entropy } = this.#parts;
    const deadline = entropy.now() + settleTime;
    if (!(await this.#sender.settleOpen(deadline))) throw new Error('an earlier change is not settled');
    for (let losses = 1; ; losses++) {
      if (this.#last === undefined || entropy.now() - this.#readAt > tailLifetime) await this.catchUp();
      group.push(...this.#waiting.splice(0, maxGroup - group.length));
      const sent = await this.#build(group);
      if (sent === undefined) return;
      const began = entropy.now();
      const fate = await this.#sender.send(sent, deadline);
      this.#contention.took(entropy.now() - began);
      if (fate === 'lost') {
        if (entropy.now() > deadline) throw new Error('too many other writers');
        await this.#contention.pause(losses, {
          look: () => this.catchUp(),
          position: () => this.state.position,
        });
        continue;
      }
      for (const { answer } of group.splice(0))
        answer(fate === 'done' ? ok('stored') : err({ kind: 'unsettled', cause: 'no answer from the log' }));
      return;
    }
  }

  /** The entry of those of a group that the last one lets in; the others have their answer, or wait for the next. Undefined for none. */
  async #build(group: Waiting[]): Promise<BuiltEntry | undefined> {
    const last = this.#last;
    const now = this.#parts.entropy.now();
    if (last !== undefined && now < last.time - clockTolerance)
      throw new Error('the clock is minutes behind the log');
    const refused = (one: Waiting, result: Result<UnopenedOutcome, MailError>) => {
      group.splice(group.indexOf(one), 1);
      one.answer(result);
    };
    if (last === undefined || last.position < this.#head || this.#isFoldDue(last.position + 1)) {
      for (const one of [...group]) refused(one, ok('mustOpen'));
      return undefined;
    }
    const time = Math.max(last.time, now);
    const operations: Operation[] = [];
    const blobs: BlobKey[] = [];
    let { usage } = last;
    let bytes = 0;
    for (const one of [...group]) {
      const { message, internalDate, deliveryId } = one.request;
      if (message.stagedAt < Math.floor(time / 1000) - stagedLifetime) {
        refused(one, err(unavailable('the message was staged too long ago')));
        continue;
      }
      if (last.limit !== undefined && usage.bytes + message.size > last.limit) {
        refused(one, ok('mustOpen'));
        continue;
      }
      const { emailId, size, record } = message;
      const operation: Operation = {
        kind: 'append',
        mailbox: inboxId,
        deliveryId,
        message: { emailId, size, internalDate, flags: [], record },
      };
      const length = encodeOperations([operation]).length;
      if (operations.length > 0 && bytes + length > this.#parts.inlineBytes) {
        this.#waiting.unshift(...group.splice(group.indexOf(one)));
        break;
      }
      bytes += length;
      operations.push(operation);
      blobs.push(messageKey(message.account, emailId));
      usage = { bytes: usage.bytes + size, messages: usage.messages + 1 };
    }
    if (operations.length === 0) return undefined;
    const position = (last.position + 1) as LogPosition;
    const entry = { position, rules: rulesWritten, time, usage, limit: last.limit, operations };
    return await buildEntry(this.id, entry, blobs, this.#parts);
  }

  #isFoldDue(position: number): boolean {
    const unfolded = position - this.#head;
    return unfolded >= tailEntries && unfolded % lookedAfter === 0;
  }
}
