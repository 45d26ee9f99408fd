import { type Fetched, numbersOf } from './imap-reader.ts';
import { Violation } from './violation.ts';

export interface CachedMessage {
  flags: readonly string[] | undefined;
  email: string | undefined;
}

/** What a mail client keeps of one mailbox, and how it numbers it while it is selected. */
export class MailCache {
  uidValidity = 0;
  readonly messages = new Map<number, CachedMessage>();
  /** The highest mod-sequence up to which the client may believe it knows everything; it survives connections. */
  highestModSeq = 0;
  /** The UIDs in order when all of them were last known: their numbers then are what RFC 7162 §3.2.5.2 lets a client tell. */
  agreed: readonly number[] = [];
  /** UID by number less one; undefined where the client has not learned it. */
  numbers: (number | undefined)[] = [];
  /** Flags that were told of a number whose UID is not known yet. */
  #early: (readonly string[] | undefined)[] = [];
  /** The client is still learning what has changed: no mod-sequence may be believed before the end of it. */
  catchingUp = false;
  /** What was said since the last tagged answer: by HIGHESTMODSEQ, and as some message's. */
  #toldModSeq = 0;
  #heardModSeq = 0;
  #heardValidity: number | undefined;

  /** The client forgets all. */
  clear(): void {
    this.messages.clear();
    this.highestModSeq = 0;
    this.agreed = [];
    this.numbers = [];
  }

  /** A new connection: numbers begin anew, what is kept by UID stays. */
  disconnected(): void {
    this.catchingUp = false;
    this.numbers = [];
    this.#early = [];
    this.#toldModSeq = this.#heardModSeq = 0;
    this.#heardValidity = undefined;
  }

  exists(count: number): void {
    if (count < this.numbers.length)
      throw new Violation(`EXISTS ${count} where ${this.numbers.length} are numbered`);
    for (; this.numbers.length < count; this.#early.push(undefined)) this.numbers.push(undefined);
  }

  expunge(seq: number): void {
    if (seq < 1 || seq > this.numbers.length) throw new Violation(`EXPUNGE of ${seq}, which there is not`);
    const [uid] = this.numbers.splice(seq - 1, 1);
    this.#early.splice(seq - 1, 1);
    if (uid !== undefined) this.messages.delete(uid);
  }

  vanished(set: string, earlier: boolean): void {
    for (const uid of numbersOf(set)) {
      this.messages.delete(uid);
      if (earlier) continue;
      // One of which only the number was known: UIDs ascend, so its place is before the next higher one that is known.
      let at = this.numbers.indexOf(uid);
      if (at < 0) at = this.numbers.findLastIndex((other) => other !== undefined && other < uid) + 1;
      if (at >= this.numbers.length || (this.numbers[at] ?? uid) !== uid)
        throw new Violation(`VANISHED of ${uid}, which has no number`);
      // Which of the numbers without a UID it was is not said: what was told of them may be another's now.
      for (let i = at; i < this.numbers.length && this.numbers[i] === undefined; i++)
        this.#early[i] = undefined;
      this.numbers.splice(at, 1);
      this.#early.splice(at, 1);
    }
  }

  fetched({ seq, uid, flags, modSeq, email }: Fetched): void {
    if (seq < 1 || seq > this.numbers.length) throw new Violation(`FETCH of ${seq}, which there is not`);
    const known = this.numbers[seq - 1];
    if (uid !== undefined && known !== undefined && known !== uid)
      throw new Violation(`number ${seq} is UID ${uid}, and was ${known}`);
    const which = uid ?? known;
    if (modSeq !== undefined) this.#heardModSeq = Math.max(this.#heardModSeq, modSeq);
    if (which === undefined) {
      this.#early[seq - 1] = flags ?? this.#early[seq - 1];
      return;
    }
    this.numbers[seq - 1] = which;
    const message = this.messages.get(which) ?? { flags: undefined, email: undefined };
    message.flags = flags ?? this.#early[seq - 1] ?? message.flags;
    this.#early[seq - 1] = undefined;
    if (email !== undefined) {
      if (message.email !== undefined && message.email !== email)
        throw new Violation(`UID ${which} is ${email}, and was ${message.email}`);
      message.email = email;
    }
    this.messages.set(which, message);
  }

  code(name: string, value: number): void {
    if (name === 'HIGHESTMODSEQ') this.#toldModSeq = Math.max(this.#toldModSeq, value);
    if (name === 'UIDVALIDITY') this.#heardValidity = value;
  }

  /** UIDVALIDITY that SELECT has just told. */
  get heardValidity(): number | undefined {
    return this.#heardValidity;
  }

  /**
   * A tagged answer came. What HIGHESTMODSEQ said holds, for it must never pass what was withheld; a message's own mod-sequence says as
   * much only where EXPUNGE was allowed, since everything up to it has then been told.
   */
  answered(expunge: 'allowed' | 'withheld'): void {
    if (this.catchingUp) return;
    const heard = expunge === 'allowed' ? this.#heardModSeq : 0;
    this.highestModSeq = Math.max(this.highestModSeq, this.#toldModSeq, heard);
    this.#toldModSeq = this.#heardModSeq = 0;
  }

  /** Every known UID in order: what the numbers are after a QRESYNC. */
  numberAll(): void {
    const known = [...this.messages.keys()].sort((a, b) => a - b);
    if (known.length !== this.numbers.length)
      throw new Violation(`after the resync ${known.length} are known, and ${this.numbers.length} are there`);
    known.forEach((uid, i) => {
      const told = this.numbers[i];
      if (told !== undefined && told !== uid)
        throw new Violation(`number ${i + 1} is UID ${told}, not ${uid}`);
    });
    this.numbers = known;
    this.#early = known.map(() => undefined);
  }

  /** Numbers whose UID, flags or email the client does not know. */
  unknown(): number[] {
    return this.numbers.flatMap((uid, i) => {
      const message = uid === undefined ? undefined : this.messages.get(uid);
      return message?.flags === undefined || message.email === undefined ? [i + 1] : [];
    });
  }

  /** Forgets what no number names. */
  keepNumbered(): void {
    const numbered = new Set(this.numbers);
    for (const uid of this.messages.keys()) if (!numbered.has(uid)) this.messages.delete(uid);
  }
}
