/** What is in a mailbox, as far as the checks compare it. */
export interface MailboxModel {
  readonly uidNext: number;
  readonly messages: ReadonlyMap<number, { readonly token: string; readonly flags: readonly string[] }>;
}

/** Mailboxes by name. */
export type LaneState = ReadonlyMap<string, MailboxModel>;

/** A change that a client asks for; it must happen wholly or not at all. UIDs are those of `mailbox`. */
export type Change =
  | {
      readonly kind: 'append';
      readonly mailbox: string;
      readonly tokens: readonly string[];
      readonly flags: readonly string[];
    }
  | {
      readonly kind: 'addFlags';
      readonly mailbox: string;
      readonly uids: readonly number[];
      readonly flags: readonly string[];
    }
  | {
      readonly kind: 'setFlags';
      readonly mailbox: string;
      readonly uids: readonly number[];
      readonly flags: readonly string[];
    }
  | { readonly kind: 'expunge'; readonly mailbox: string; readonly uids: readonly number[] }
  | {
      readonly kind: 'copy' | 'move';
      readonly mailbox: string;
      readonly uids: readonly number[];
      readonly to: string;
    };

export const emptyMailbox: MailboxModel = { uidNext: 1, messages: new Map() };

const sorted = (flags: Iterable<string>): string[] => [...new Set(flags)].sort();

/** The state after a change. What a change names and is not there is left out, as servers do. */
export function applied(state: LaneState, change: Change): LaneState {
  const source = state.get(change.mailbox) ?? emptyMailbox;
  const messages = new Map(source.messages);
  const after = new Map(state);
  let { uidNext } = source;
  switch (change.kind) {
    case 'append':
      for (const token of change.tokens) messages.set(uidNext++, { token, flags: sorted(change.flags) });
      break;
    case 'addFlags':
    case 'setFlags':
      for (const uid of change.uids) {
        const message = messages.get(uid);
        const kept = change.kind === 'addFlags' ? (message?.flags ?? []) : [];
        if (message) messages.set(uid, { ...message, flags: sorted([...kept, ...change.flags]) });
      }
      break;
    case 'expunge':
      for (const uid of change.uids) messages.delete(uid);
      break;
    case 'copy':
    case 'move': {
      const target = state.get(change.to) ?? emptyMailbox;
      const copies = new Map(target.messages);
      let next = target.uidNext;
      for (const uid of change.uids) {
        const message = messages.get(uid);
        if (!message) continue;
        copies.set(next++, message);
        if (change.kind === 'move') messages.delete(uid);
      }
      after.set(change.to, { uidNext: next, messages: copies });
    }
  }
  return after.set(change.mailbox, { uidNext, messages });
}

/** Where two states part, in a line; undefined where they are equal. */
export function difference(actual: LaneState, expected: LaneState): string | undefined {
  for (const [name, { uidNext, messages }] of expected) {
    const found = actual.get(name);
    if (!found) return `${name} is gone`;
    for (const [uid, { token, flags }] of messages) {
      const message = found.messages.get(uid);
      if (!message) return `${name}: UID ${uid} (${token}) is lost`;
      if (message.token !== token) return `${name}: UID ${uid} is ${message.token} and was ${token}`;
      if (sorted(message.flags).join() !== sorted(flags).join())
        return `${name}: UID ${uid} (${token}) has flags [${message.flags}] instead of [${flags}]`;
    }
    for (const [uid, { token }] of found.messages)
      if (!messages.has(uid)) return `${name}: UID ${uid} (${token}) ought not to be there`;
    if (found.uidNext !== uidNext) return `${name}: UIDNEXT is ${found.uidNext} instead of ${uidNext}`;
  }
  return undefined;
}

/**
 * Mailboxes that one client alone changes, one change after the other, so that what must be in them follows from what was acknowledged;
 * only the changes under way when the server died are open, and of those it can have made the first few, each wholly.
 */
export class Lane {
  #state: LaneState;
  #underWay: Change[] = [];

  constructor(mailboxes: readonly string[]) {
    this.#state = new Map(mailboxes.map((name) => [name, emptyMailbox]));
  }

  get mailboxes(): readonly string[] {
    return [...this.#state.keys()];
  }

  /** What was acknowledged. */
  get state(): LaneState {
    return this.#state;
  }

  /** Asked for, not answered. */
  get underWay(): readonly Change[] {
    return this.#underWay;
  }

  /** As it will be when everything under way is done. */
  get expected(): LaneState {
    return this.#underWay.reduce(applied, this.#state);
  }

  begin(change: Change): void {
    this.#underWay.push(change);
  }

  /** The oldest change under way is done. */
  acknowledge(): void {
    const change = this.#underWay.shift();
    if (!change) throw new Error('an answer to nothing');
    this.#state = applied(this.#state, change);
  }

  /** Takes what is there after a crash; the number of unanswered changes that had been made. Throws where it cannot be. */
  settle(actual: LaneState): number {
    let state = this.#state;
    const wrong = difference(actual, state);
    let done = 0;
    for (let at = wrong; at !== undefined; at = difference(actual, state)) {
      const next = this.#underWay[done];
      if (!next)
        throw new Error(`${wrong} (with ${this.#underWay.length} changes under way; with them all: ${at})`);
      state = applied(state, next);
      done++;
    }
    this.#state = state;
    this.#underWay = [];
    return done;
  }
}
