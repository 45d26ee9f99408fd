import { type BlobKey, type LogPosition, type MailboxId, objectKey } from '../ids.ts';
import { StaleTail } from '../ports/account-log.ts';
import type { Account } from './account.ts';
import { type Applied, applyOperations, rulesVersion } from './apply.ts';
import type { EngineParts } from './engine.ts';
import { decodeEntry, type Entry, encodeEntry } from './entry.ts';
import type { Operation } from './operation.ts';
import { encodeOperations } from './operation-codec.ts';
import type { AccountState } from './state.ts';

/** Operations that were decided one after another on a state, at the time and position of the entry that will hold them. */
export interface Deciding extends Applied {
  readonly base: AccountState;
  readonly operations: readonly Operation[];
  readonly blobs: readonly BlobKey[];
}

/** An entry that was sent, or is about to be, and what it makes of the state before it. */
export interface Sent {
  readonly entry: Entry;
  readonly bytes: Uint8Array;
  /** Bytes of its spill object; 0 for none. */
  readonly spilled: number;
  readonly blobs: readonly BlobKey[];
  readonly base: AccountState;
  readonly applied: Applied;
}

/** What became of an entry; 'unsettled': it may or may not be in the log, now or later. */
export type Fate = 'done' | 'lost' | 'unsettled';

/** Encodes entries, sends them, and settles what became of them: before anything else is proposed. */
export class EntrySender {
  readonly #account: Account;
  readonly #parts: EngineParts;
  #unsettled: Sent | undefined;

  constructor(account: Account, parts: EngineParts) {
    this.#account = account;
    this.#parts = parts;
  }

  /** Sees to what an earlier attempt left open. False where it is still open at the deadline. */
  async settleOpen(deadline: number): Promise<boolean> {
    const open = this.#unsettled;
    if (open === undefined) return true;
    await this.#account.catchUp();
    const free = this.#account.state.position < open.entry.position;
    if (free) {
      if ((await this.send(open, deadline)) === 'unsettled') return false;
      await this.#account.catchUp();
    }
    this.#unsettled = undefined;
    return true;
  }

  /** The entry of some operations on a state, its spill object put where they are too many. */
  async build({ base, operations: decided, blobs: named, state, effects }: Deciding): Promise<Sent> {
    const { position, time } = state;
    const recent = this.#account.recent
      .pending(this.#account.state)
      .map(([mailbox, uid]): Operation => ({ kind: 'recent', mailbox: mailbox as MailboxId, uid }));
    const operations = decided.concat(recent);
    // In a group the operations mean the same as in one entry: they are not applied again.
    const last = applyOperations(state, { position, time }, recent);
    const applied = { state: last.state, effects: effects.concat(last.effects) };
    const after = applied.state;
    const header = {
      position,
      rules: rulesVersion,
      writer: Buffer.from(this.#parts.entropy.bytes(8)).toString('hex'),
      time,
      usage: after.usage,
      limit: after.limits.bytes,
    };
    const body = encodeOperations(operations);
    if (body.length <= this.#parts.inlineBytes) {
      const bytes = encodeEntry({ ...header, body: { kind: 'inline', bytes: body } });
      return { entry: { ...header, operations }, bytes, spilled: 0, blobs: named, base, applied };
    }
    const key = objectKey(this.#account.id, 's', this.#parts.entropy);
    await this.#parts.blobs.put(key, body);
    const bytes = encodeEntry({ ...header, body: { kind: 'spill', key } });
    const blobs = [...named, key];
    return { entry: { ...header, operations }, bytes, spilled: body.length, blobs, base, applied };
  }

  /**
   * Sends an entry until its fate is known. A lost answer is settled by sending the same bytes to the same position: the
   * occupant tells whose they are. Nothing else is proposed before.
   */
  async send(sent: Sent, deadline: number): Promise<Fate> {
    const { log, entropy, sleep } = this.#parts;
    const { entry, bytes, blobs } = sent;
    const request = { account: this.#account.id, position: entry.position, bytes, blobs };
    let doubtful = this.#unsettled === sent;
    for (let attempt = 0; ; attempt++) {
      try {
        const outcome = await log.append({ ...request, readAt: this.#account.readAt });
        if (outcome.kind === 'done') {
          await this.#account.adopt(sent);
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
      await this.#account.catchUp();
    } catch (cause) {
      if (doubtful) return 'unsettled';
      throw cause;
    }
    if (this.#account.state.position >= sent.entry.position)
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
      await this.#account.adopt(sent);
      return 'done';
    }
    return 'lost';
  }

  async #occupant(position: LogPosition): Promise<Uint8Array | undefined> {
    const tail = await this.#parts.log.read(this.#account.id, (position - 1) as LogPosition);
    return tail.entries.find((e) => e.position === position)?.bytes;
  }
}
