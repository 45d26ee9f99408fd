import { createHash } from 'node:crypto';
import type { Account } from '../../../shared/engine/account.ts';
import { type AppendRequest, appendMessages } from '../../../shared/engine/actions.ts';
import type { MailError } from '../../../shared/engine/mail-error.ts';
import { ok, type Result } from '../../../shared/result.ts';
import { describeCause, describeMailError } from '../describe-mail-error.ts';
import type { Source, SourceMessage } from './source-message.ts';
import { TargetMailboxes } from './target-mailboxes.ts';

export interface ImportReport {
  readonly imported: number;
  /** Of those imported. */
  readonly bytes: number;
  /** Brought by an earlier import. */
  readonly alreadyThere: number;
  /** The first of them, with the reason. */
  readonly failures: readonly { readonly place: string; readonly reason: string }[];
  readonly failed: number;
}

/** One entry takes this many messages at most … */
const batchMessages = 256;
/** … and this many octets of them: they are in memory until the entry is written. */
const batchBytes = 16 * 1024 * 1024;
const toldFailures = 100;

interface Waiting {
  readonly place: string;
  readonly request: AppendRequest;
}

export interface ImportOptions {
  /** Most octets of a message. */
  readonly limit: number;
  /** Told of every message. */
  readonly progress?: (report: ImportReport) => void;
  /** Set apart from every other run by this: messages of earlier imports come again. */
  readonly apart?: string | undefined;
}

/**
 * Brings the messages of a source into an account, in order, many to an entry. Each has an id made of its mailbox, its bytes and how many
 * the same came before it in the source. So an import that was cut off is begun again and nothing comes twice, and one of a source that was
 * rearranged or shortened meanwhile brings what is new (ids are known for 30 days). What cannot be taken is reported and the rest goes on;
 * the error is what ends it all, with what was done before.
 */
export class MessageImport {
  readonly #account: Account;
  readonly #source: Source;
  readonly #options: ImportOptions;
  readonly #targets: TargetMailboxes;
  /** How often the same came, by 48 bits of its hash: what is counted together by chance still has ids of its own. */
  readonly #occurrences = new Map<number, number>();
  readonly #report = {
    imported: 0,
    bytes: 0,
    alreadyThere: 0,
    failures: [] as { place: string; reason: string }[],
    failed: 0,
  };
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #mailbox = '';

  constructor(account: Account, source: Source, options: ImportOptions) {
    this.#account = account;
    this.#source = source;
    this.#options = options;
    this.#targets = new TargetMailboxes(account, new Set(source.mailboxes));
  }

  get report(): ImportReport {
    return this.#report;
  }

  async run(): Promise<Result<ImportReport, MailError>> {
    for (const name of new Set(this.#source.mailboxes)) {
      const made = await this.#targets.make(name);
      if (!made.ok) return made;
    }
    for await (const message of this.#source.messages) {
      const mailbox = this.#targets.nameHere(message.mailbox);
      const full = this.#waiting.length >= batchMessages || this.#waitingBytes >= batchBytes;
      if (full || mailbox !== this.#mailbox) {
        const written = await this.#write(this.#waiting);
        if (!written.ok) return written;
        this.#mailbox = mailbox;
      }
      const taken = await this.#take(message);
      if (!taken.ok) return taken;
      this.#options.progress?.(this.#report);
    }
    const written = await this.#write(this.#waiting);
    return written.ok ? ok(this.#report) : written;
  }

  async #take({
    place,
    mailbox,
    content,
    flags,
    internalDate,
  }: SourceMessage): Promise<Result<void, MailError>> {
    const refusal = 'failure' in content ? content.failure : this.#targets.refusal(mailbox);
    if ('failure' in content || refusal !== undefined) return this.#fail(place, refusal ?? '');
    try {
      const deliveryId = await this.#idOf(mailbox, content);
      if (deliveryId === undefined) return this.#fail(place, 'it is empty');
      const { state } = this.#account;
      if (state.deliveries.has(deliveryId, Math.floor(state.time / 1000))) {
        this.#report.alreadyThere++;
        return ok(undefined);
      }
      const body = 'bytes' in content ? content.bytes : content.read();
      const staged = await this.#account.stage(body, this.#options.limit);
      if (!staged.ok)
        return staged.error.kind === 'tooLarge' ? this.#fail(place, describeMailError(staged.error)) : staged;
      this.#waiting.push({ place, request: { message: staged.value, flags, internalDate, deliveryId } });
      this.#waitingBytes += staged.value.size;
      return ok(undefined);
    } catch (cause) {
      // Thrown by the source alone: failures of the store are values.
      return this.#fail(place, describeCause(cause));
    }
  }

  /** Undefined where there are no bytes. */
  async #idOf(
    mailbox: string,
    content: Exclude<SourceMessage['content'], { failure: string }>,
  ): Promise<string | undefined> {
    const hash = createHash('sha256').update(`${this.#options.apart ?? ''}\0${mailbox}\0`);
    let size = 0;
    for await (const chunk of 'bytes' in content ? [content.bytes] : content.read()) {
      hash.update(chunk);
      size += chunk.length;
    }
    if (size === 0) return undefined;
    const digest = hash.digest();
    const short = digest.readUIntBE(0, 6);
    const before = this.#occurrences.get(short) ?? 0;
    this.#occurrences.set(short, before + 1);
    return `import:${digest.toString('base64url').slice(0, 27)}${before === 0 ? '' : `:${before}`}`;
  }

  /** Writes what waits as one entry; in halves where the account will not take all of it, down to the message that is to blame. */
  async #write(batch: readonly Waiting[]): Promise<Result<void, MailError>> {
    if (batch === this.#waiting) {
      this.#waiting = [];
      this.#waitingBytes = 0;
    }
    if (batch.length === 0) return ok(undefined);
    const requests = batch.map(({ request }) => request);
    const written = await this.#account.commit(appendMessages(this.#mailbox, requests), {
      urgency: 'background',
    });
    if (written.ok) {
      const fresh = written.value.uids.size;
      this.#report.imported += fresh;
      this.#report.alreadyThere += batch.length - fresh;
      if (fresh === batch.length) for (const { message } of requests) this.#report.bytes += message.size;
      return ok(undefined);
    }
    const { error } = written;
    if (error.kind !== 'overQuota' && error.kind !== 'limit') return written;
    const [first, ...others] = batch;
    if (others.length === 0 && first !== undefined) {
      await this.#account.unstage(first.request.message);
      return this.#fail(first.place, describeMailError(error));
    }
    const half = batch.length >> 1;
    const left = await this.#write(batch.slice(0, half));
    return left.ok ? this.#write(batch.slice(half)) : left;
  }

  #fail(place: string, reason: string): Result<void, never> {
    this.#report.failed++;
    if (this.#report.failures.length < toldFailures) this.#report.failures.push({ place, reason });
    return ok(undefined);
  }
}
