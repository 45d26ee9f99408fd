import type { FinalOutcome } from './dispatch.ts';

/** Commands whose answers may be due at once, and octets of the messages that they brought. */
const most = { commands: 64, octets: 4 << 20 };

/** A command that was read to its end, and whose outcome comes later. */
export interface LateCommand {
  readonly tag: string;
  readonly octets: number;
  /** Does not reject. */
  readonly outcome: Promise<FinalOutcome>;
}

/** What late answers need of their session. */
export interface LateSession {
  /** Writes an answer. */
  answer(tag: string, outcome: FinalOutcome): Promise<void>;
  /** Sends what was written. */
  send(): void;
  /** Told once where an answer cannot be given. */
  broken(): void;
}

/**
 * Answers that come while the client's next commands are read: to APPENDs that follow one another without waiting, so that they
 * share their commits (RFC 9051 §5.5). They are given in the commands' order.
 */
export class LateAnswers {
  readonly #session: LateSession;
  readonly #due: { readonly octets: number; readonly answered: Promise<void> }[] = [];
  #octets = 0;
  /** Rejected once an answer could not be given: then no other is. */
  #last: Promise<void> = Promise.resolve();
  #sending: NodeJS.Immediate | undefined;

  constructor(session: LateSession) {
    this.#session = session;
  }

  add({ tag, octets, outcome }: LateCommand): void {
    const before = this.#last;
    const answered = this.#give(before, tag, outcome);
    this.#last = answered;
    answered.catch(() => undefined);
    this.#octets += octets;
    this.#due.push({ octets, answered });
  }

  async #give(before: Promise<void>, tag: string, coming: Promise<FinalOutcome>): Promise<void> {
    try {
      const outcome = await coming;
      await before;
      await this.#session.answer(tag, outcome).catch((cause) => {
        this.#session.broken();
        throw cause;
      });
      // Those that became durable together go together; nothing comes after the last.
      if (this.#due.length === 1) this.#sendAll();
      else this.#sending ??= setImmediate(() => this.#sendAll());
    } finally {
      this.#octets -= this.#due.shift()!.octets;
    }
  }

  #sendAll(): void {
    clearImmediate(this.#sending);
    this.#sending = undefined;
    this.#session.send();
  }

  /** Waits until another command may be added. Rejects where an answer could not be given. */
  async room(): Promise<void> {
    while (this.#due.length >= most.commands || this.#octets >= most.octets) await this.#due[0]!.answered;
  }

  /** Waits until all are given. Rejects where one could not be. */
  settled(): Promise<void> {
    return this.#last;
  }
}
