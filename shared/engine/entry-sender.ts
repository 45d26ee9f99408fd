import type { AccountId, LogPosition } from '../ids.ts';
import { StaleTail } from '../ports/account-log.ts';
import type { BuiltEntry } from './build-entry.ts';
import type { EngineParts } from './engine.ts';
import { decodeEntry } from './entry.ts';

/** Whoever writes entries of one account: what it knows of the log, and takes in of what it wrote. */
export interface EntryWriter<Sent extends BuiltEntry> {
  readonly id: AccountId;
  /** Of the account as it knows it: the last position used. */
  readonly state: { readonly position: LogPosition };
  /** When the log's end was last read, ms. */
  readonly readAt: number;
  /** Reads the log's end again. */
  catchUp(): Promise<void>;
  /** Takes in an entry of its own that is in the log. */
  adopt(sent: Sent): Promise<void>;
}

/** What became of an entry; 'unsettled': it may or may not be in the log, now or later. */
export type Fate = 'done' | 'lost' | 'unsettled';

/** Sends entries and settles what became of them: before anything else is proposed. */
export class EntrySender<Sent extends BuiltEntry> {
  readonly #writer: EntryWriter<Sent>;
  readonly #parts: Pick<EngineParts, 'log' | 'entropy' | 'sleep'>;
  #unsettled: Sent | undefined;

  constructor(writer: EntryWriter<Sent>, parts: Pick<EngineParts, 'log' | 'entropy' | 'sleep'>) {
    this.#writer = writer;
    this.#parts = parts;
  }

  /** Sees to what an earlier attempt left open. False where it is still open at the deadline. */
  async settleOpen(deadline: number): Promise<boolean> {
    const open = this.#unsettled;
    if (open === undefined) return true;
    await this.#writer.catchUp();
    const free = this.#writer.state.position < open.entry.position;
    if (free) {
      if ((await this.send(open, deadline)) === 'unsettled') return false;
      await this.#writer.catchUp();
    }
    this.#unsettled = undefined;
    return true;
  }

  /**
   * Sends an entry until its fate is known. A lost answer is settled by sending the same bytes to the same position: the
   * occupant tells whose they are. Nothing else is proposed before.
   */
  async send(sent: Sent, deadline: number): Promise<Fate> {
    const { log, entropy, sleep } = this.#parts;
    const { entry, bytes, blobs } = sent;
    const request = { account: this.#writer.id, position: entry.position, bytes, blobs };
    let doubtful = this.#unsettled === sent;
    for (let attempt = 0; ; attempt++) {
      try {
        const outcome = await log.append({ ...request, readAt: this.#writer.readAt });
        if (outcome.kind === 'done') {
          await this.#writer.adopt(sent);
          return 'done';
        }
        if (outcome.kind === 'taken') return await this.#settleTaken(sent, outcome.occupant, doubtful);
        doubtful = true;
        this.#unsettled = sent;
      } catch (cause) {
        if (!(cause instanceof StaleTail)) {
          if (doubtful) return 'unsettled';
          throw cause;
        }
        // This attempt wrote nothing. An earlier one may have: the tail tells, once something stands at the position.
        const fate = await this.#fateFromTail(sent, doubtful);
        if (fate !== undefined) return fate;
      }
      if (entropy.now() > deadline) return 'unsettled';
      await sleep(((entropy.bytes(1)[0]! + 1) / 256) * Math.min(5_000, 50 * 2 ** attempt));
    }
  }

  /** Undefined where the position is still free and an earlier attempt may yet land on it. */
  async #fateFromTail(sent: Sent, doubtful: boolean): Promise<Fate | undefined> {
    try {
      await this.#writer.catchUp();
    } catch (cause) {
      if (doubtful) return 'unsettled';
      throw cause;
    }
    if (this.#writer.state.position >= sent.entry.position)
      return await this.#settleTaken(sent, undefined, doubtful);
    return doubtful ? undefined : 'lost';
  }

  /** The position is used: by an earlier attempt of ours, or by another writer. */
  async #settleTaken(sent: Sent, occupant: Uint8Array | undefined, doubtful: boolean): Promise<Fate> {
    const { position, writer } = sent.entry;
    let stored: Uint8Array | undefined;
    try {
      stored = occupant ?? (await this.#occupant(position));
      if (stored === undefined) {
        // Nothing of ours was ever sent: whatever it was, it was another's.
        if (!doubtful) return 'lost';
        throw new Error(`entry ${position} was trimmed before its fate was known`);
      }
    } catch (cause) {
      if (doubtful) return 'unsettled';
      throw cause;
    }
    this.#unsettled = undefined;
    if (decodeEntry(position, stored).writer === writer) {
      await this.#writer.adopt(sent);
      return 'done';
    }
    return 'lost';
  }

  async #occupant(position: LogPosition): Promise<Uint8Array | undefined> {
    const tail = await this.#parts.log.read(this.#writer.id, (position - 1) as LogPosition);
    return tail.entries.find((e) => e.position === position)?.bytes;
  }
}
