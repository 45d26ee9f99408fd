import { createHash } from 'node:crypto';
import type { Account } from '../../../shared/engine/account.ts';
import { type AppendRequest, appendMessages, createMailbox } from '../../../shared/engine/actions.ts';
import type { MailError } from '../../../shared/engine/mail-error.ts';
import { ok, type Result } from '../../../shared/result.ts';
import { describeMailError } from '../describe-mail-error.ts';
import type { Source, SourceMessage } from './source-message.ts';

export interface ImportReport {
  readonly imported: number;
  /** Of those imported. */
  readonly bytes: number;
  /** Brought by an earlier import of the same source. */
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

/**
 * Brings the messages of a source into an account, in order, many to an entry. Each has an id made of where it was and what it holds, so
 * that an import that was cut off is begun again and nothing comes twice (ids are known for 30 days). What cannot be taken is reported
 * and the rest goes on; the error is what ends it all, with what was done before.
 */
export class MessageImport {
  readonly #account: Account;
  readonly #source: Source;
  readonly #limit: number;
  readonly #progress: (report: ImportReport) => void;
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

  constructor(
    account: Account,
    source: Source,
    limit: number,
    progress: (report: ImportReport) => void = () => {},
  ) {
    this.#account = account;
    this.#source = source;
    this.#limit = limit;
    this.#progress = progress;
  }

  get report(): ImportReport {
    return this.#report;
  }

  async run(): Promise<Result<ImportReport, MailError>> {
    for (const name of new Set(this.#source.mailboxes)) {
      const made = await this.#makeMailbox(name);
      if (!made.ok) return made;
    }
    for await (const message of this.#source.messages) {
      const mailbox = this.#nameHere(message.mailbox);
      const full = this.#waiting.length >= batchMessages || this.#waitingBytes >= batchBytes;
      if (full || mailbox !== this.#mailbox) {
        const written = await this.#write(this.#waiting);
        if (!written.ok) return written;
        this.#mailbox = mailbox;
      }
      const taken = await this.#take(message);
      if (!taken.ok) return taken;
      this.#progress(this.#report);
    }
    const written = await this.#write(this.#waiting);
    return written.ok ? ok(this.#report) : written;
  }

  /** A mailbox of that name in other capitals is the same to a person: Sent and SENT are not two. */
  #nameHere(name: string): string {
    const { mailboxes } = this.#account.state;
    if (mailboxes.named(name) !== undefined) return name;
    for (const other of mailboxes) if (other.name.toLowerCase() === name.toLowerCase()) return other.name;
    return name;
  }

  async #makeMailbox(name: string): Promise<Result<void, MailError>> {
    if (this.#account.state.mailboxes.named(this.#nameHere(name)) !== undefined) return ok(undefined);
    const made = await this.#account.commit(createMailbox(name), { urgency: 'background' });
    return made.ok || made.error.kind === 'mailboxExists' ? ok(undefined) : made;
  }

  async #take({ place, content, flags, internalDate }: SourceMessage): Promise<Result<void, MailError>> {
    if ('failure' in content) {
      this.#fail(place, content.failure);
      return ok(undefined);
    }
    if (content.bytes.length === 0) {
      this.#fail(place, 'it is empty');
      return ok(undefined);
    }
    const deliveryId = idOf(this.#mailbox, place, content.bytes);
    const { state } = this.#account;
    if (state.deliveries.has(deliveryId, Math.floor(state.time / 1000))) {
      this.#report.alreadyThere++;
      return ok(undefined);
    }
    const staged = await this.#account.stage(content.bytes, this.#limit);
    if (!staged.ok) {
      if (staged.error.kind !== 'tooLarge') return staged;
      this.#fail(place, describeMailError(staged.error));
      return ok(undefined);
    }
    this.#waiting.push({ place, request: { message: staged.value, flags, internalDate, deliveryId } });
    this.#waitingBytes += staged.value.size;
    return ok(undefined);
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
      this.#fail(first.place, describeMailError(error));
      await this.#account.unstage(first.request.message);
      return ok(undefined);
    }
    const half = batch.length >> 1;
    const left = await this.#write(batch.slice(0, half));
    return left.ok ? this.#write(batch.slice(half)) : left;
  }

  #fail(place: string, reason: string): void {
    this.#report.failed++;
    if (this.#report.failures.length < toldFailures) this.#report.failures.push({ place, reason });
  }
}

function idOf(mailbox: string, place: string, bytes: Uint8Array): string {
  const hash = createHash('sha256').update(`${mailbox}\0${place}\0`).update(bytes);
  return `import:${hash.digest('base64url').slice(0, 27)}`;
}
