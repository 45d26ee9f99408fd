import { ImapLoad } from '../crash/connections.ts';
import { difference, type LaneState } from '../crash/model.ts';
import type { ServerProcess, TestAccount } from '../support/server-process.ts';

/** A client that has a mailbox open and keeps its cache by what it is told, as QRESYNC clients do: it never reads anew what it has. */
export class Observer {
  readonly mailbox: string;
  readonly #session: ImapLoad;
  readonly #messages = new Map<number, { token: string; flags: readonly string[] }>();
  #highest = 0;

  private constructor(mailbox: string, session: ImapLoad) {
    this.mailbox = mailbox;
    this.#session = session;
  }

  static async open(server: ServerProcess, account: TestAccount, mailbox: string): Promise<Observer> {
    const session = await ImapLoad.open(server.ports.imap, account);
    const observer = new Observer(mailbox, session);
    await session.run('ENABLE QRESYNC');
    await session.run(`SELECT ${mailbox}`);
    await observer.#fetchNew();
    return observer;
  }

  /** Asks once what is new, and reads what came. */
  async look(): Promise<void> {
    const said = await this.#session.run('NOOP');
    this.#take(said);
    if (tellsOfNew(said)) await this.#fetchNew();
  }

  /** Where the cache and the model part; undefined where they do not. UIDNEXT is not in a cache. */
  difference(expected: LaneState): string | undefined {
    const model = expected.get(this.mailbox);
    if (!model) return `${this.mailbox} is not in the model`;
    const cache = { uidNext: model.uidNext, messages: this.#messages };
    return difference(new Map([[this.mailbox, cache]]), new Map([[this.mailbox, model]]));
  }

  async close(): Promise<void> {
    await this.#session.run('LOGOUT');
  }

  async #fetchNew(): Promise<void> {
    // The answer itself may tell of more.
    for (let said: readonly string[] = ['* 1 EXISTS']; tellsOfNew(said); this.#take(said))
      said = await this.#session.run(`UID FETCH ${this.#highest + 1}:* (UID FLAGS ENVELOPE)`);
  }

  #take(lines: readonly string[]): void {
    for (const line of lines) {
      const vanished = /^\* VANISHED ([\d:,]+)$/.exec(line)?.[1];
      if (vanished !== undefined) for (const uid of eachUid(vanished)) this.#messages.delete(uid);
      const uid = Number(/^\* \d+ FETCH \(.*\bUID (\d+)/.exec(line)?.[1]);
      const flags = /\bFLAGS \(([^)]*)\)/.exec(line)?.[1];
      if (!(uid > 0) || flags === undefined) continue;
      const token = /ENVELOPE \("[^"]*" "([^"]*)"/.exec(line)?.[1] ?? this.#messages.get(uid)?.token;
      // Flags of a message that is new, and read in a moment.
      if (token === undefined) continue;
      const kept = flags.split(' ').filter((flag) => flag !== '' && flag !== '\\Recent');
      this.#messages.set(uid, { token, flags: kept });
      this.#highest = Math.max(this.#highest, uid);
    }
  }
}

const tellsOfNew = (said: readonly string[]) => said.some((line) => /^\* \d+ EXISTS$/.test(line));

function* eachUid(set: string): Generator<number> {
  for (const range of set.split(',')) {
    const [from, to = from] = range.split(':').map(Number);
    for (let uid = from ?? 0; uid <= (to ?? 0); uid++) yield uid;
  }
}
