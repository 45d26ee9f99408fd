import type { Operation } from '../../shared/engine/operation.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';

/** The account again, as plainly as can be: maps, changed in place. What `apply` does with columns and sharing must come to the same. */

export interface ModelMessage {
  readonly email: string;
  readonly size: number;
  readonly flags: readonly string[];
  /** The flags as one text, sorted. */
  readonly inOrder: string;
  readonly modSeq: number;
}

/** A message with other flags. */
function flagged(message: Omit<ModelMessage, 'flags' | 'inOrder'>, flags: readonly string[]): ModelMessage {
  const sorted = flags.toSorted();
  return { ...message, flags: sorted, inOrder: sorted.join(' ') };
}

export interface ModelDeparture {
  readonly time: number;
  readonly modSeq: number;
  readonly uids: readonly number[];
  /** What could come back; empty where nothing can. */
  messages: Map<number, ModelMessage>;
}

export interface ModelMailbox {
  readonly id: number;
  name: string;
  readonly uidValidity: number;
  uidNext: number;
  highestModSeq: number;
  messages: Map<number, ModelMessage>;
  hidden: Set<number>;
  departures: ModelDeparture[];
}

export interface ModelEffect {
  readonly kind: string;
  readonly mailbox?: number;
  readonly uidValidity?: number;
  readonly uids?: readonly number[];
  readonly source?: readonly number[];
  /** Email ids of what was appended. */
  readonly email?: string;
  readonly deliveryId?: string | undefined;
}

const deliveryMemory = 30 * 24 * 3600;
const levelsAbove = (name: string): string[] => {
  const levels = name.split('/');
  return levels.slice(1).map((_, i) => levels.slice(0, i + 1).join('/'));
};
const none: ModelEffect = { kind: 'none' };

export class ModelAccount {
  readonly mailboxes = new Map<number, ModelMailbox>();
  readonly removed: { readonly time: number; readonly mailbox: ModelMailbox }[] = [];
  readonly deliveries = new Map<string, number>();
  readonly subscriptions = new Set<string>();
  limit: number | undefined;
  nextMailbox = 1;
  lastUidValidity = 0;
  /** Seconds. */
  time = 0;
  modSeq = 0;

  /** The entry that the next operations belong to. */
  begin(modSeq: number, timeMs: number): void {
    this.modSeq = modSeq;
    this.time = Math.floor(timeMs / 1000);
  }

  named(name: string): ModelMailbox | undefined {
    for (const mailbox of this.mailboxes.values()) if (mailbox.name === name) return mailbox;
    return undefined;
  }

  get usedBytes(): number {
    let bytes = 0;
    for (const { messages } of this.mailboxes.values())
      for (const { size } of messages.values()) bytes += size;
    return bytes;
  }

  apply(operation: Operation): ModelEffect {
    switch (operation.kind) {
      case 'create': {
        if (this.named(operation.name)) return none;
        return { kind: 'created', mailbox: this.#create(operation.name).id };
      }
      case 'delete': {
        const mailbox = this.mailboxes.get(operation.mailbox);
        if (mailbox === undefined || mailbox.id === 1) return none;
        this.mailboxes.delete(mailbox.id);
        this.removed.push({ time: this.time, mailbox });
        return none;
      }
      case 'rename':
        return operation.from === 'INBOX' ? this.#renameInbox(operation.to) : this.#rename(operation);
      case 'subscribe':
        if (operation.subscribed) this.subscriptions.add(operation.name);
        else this.subscriptions.delete(operation.name);
        return none;
      case 'append':
        return this.#append(operation);
      case 'flags':
        return this.#flags(operation);
      case 'expunge': {
        const mailbox = this.mailboxes.get(operation.mailbox);
        if (mailbox === undefined) return none;
        return { kind: 'expunged', uids: this.#take(mailbox, operation.uids, true) };
      }
      case 'copy':
      case 'move': {
        const from = this.mailboxes.get(operation.mailbox);
        const to = this.mailboxes.get(operation.to);
        if (from === undefined || to === undefined) return none;
        const source = [...from.messages.keys()].filter((uid) => operation.uids.has(uid)).sort(ascending);
        const uids = source.map((uid) => this.#add(to, from.messages.get(uid)!));
        if (operation.kind === 'move') this.#take(from, UidSet.of(source), false);
        return { kind: 'copied', mailbox: to.id, uidValidity: to.uidValidity, source, uids };
      }
      case 'hideFromPop3': {
        const mailbox = this.mailboxes.get(operation.mailbox);
        for (const uid of mailbox?.messages.keys() ?? [])
          if (operation.uids.has(uid)) mailbox!.hidden.add(uid);
        return none;
      }
      case 'limits':
        this.limit = operation.bytes;
        return none;
      case 'uidValidity':
        this.lastUidValidity = Math.max(this.lastUidValidity, operation.above);
        return none;
      case 'purge':
        this.#purge(operation.expungedBefore);
        return none;
      case 'restore':
        return this.#restore(operation.mailbox, operation.expungedSince);
      default:
        return none;
    }
  }

  #create(name: string): ModelMailbox {
    for (const above of levelsAbove(name)) if (!this.named(above)) this.#make(above);
    return this.#make(name);
  }

  #make(name: string): ModelMailbox {
    this.lastUidValidity = Math.max(this.time, this.lastUidValidity + 1);
    const mailbox: ModelMailbox = {
      id: this.nextMailbox++,
      name,
      uidValidity: this.lastUidValidity,
      uidNext: 1,
      highestModSeq: this.modSeq,
      messages: new Map(),
      hidden: new Set(),
      departures: [],
    };
    this.mailboxes.set(mailbox.id, mailbox);
    return mailbox;
  }

  #rename({ from, to }: { from: string; to: string }): ModelEffect {
    const moved = [...this.mailboxes.values()].filter(
      (m) => m.name === from || m.name.startsWith(`${from}/`),
    );
    const target = (name: string) => to + name.slice(from.length);
    if (moved.length === 0 || to === from || to.startsWith(`${from}/`)) return none;
    if (moved.some((m) => this.named(target(m.name)))) return none;
    for (const above of levelsAbove(to)) if (!this.named(above)) this.#make(above);
    for (const mailbox of moved) mailbox.name = target(mailbox.name);
    return none;
  }

  #renameInbox(to: string): ModelEffect {
    const inbox = this.mailboxes.get(1);
    if (inbox === undefined || this.named(to)) return none;
    const target = this.#create(to);
    const uids = [...inbox.messages.keys()].sort(ascending);
    for (const uid of uids) this.#add(target, inbox.messages.get(uid)!);
    if (uids.length > 0) inbox.departures.push(this.#departure(uids));
    inbox.highestModSeq = this.modSeq;
    inbox.messages = new Map();
    inbox.hidden = new Set();
    return { kind: 'created', mailbox: target.id };
  }

  #departure(uids: readonly number[]): ModelDeparture {
    return { time: this.time, modSeq: this.modSeq, uids, messages: new Map() };
  }

  #append({ mailbox: id, message, deliveryId }: Extract<Operation, { kind: 'append' }>): ModelEffect {
    const known = deliveryId === undefined ? undefined : this.deliveries.get(deliveryId);
    if (known !== undefined && known > this.time - deliveryMemory) return { kind: 'duplicate' };
    const mailbox = this.mailboxes.get(id) ?? this.mailboxes.get(1)!;
    if (deliveryId !== undefined) this.deliveries.set(deliveryId, this.time);
    const { emailId: email, size, flags } = message;
    const uid = this.#add(mailbox, flagged({ email, size, modSeq: this.modSeq }, flags));
    const { id: to, uidValidity } = mailbox;
    return { kind: 'appended', mailbox: to, uidValidity, uids: [uid], email, deliveryId };
  }

  #add(mailbox: ModelMailbox, message: ModelMessage): number {
    const uid = mailbox.uidNext++;
    mailbox.messages.set(uid, { ...message, modSeq: this.modSeq });
    mailbox.highestModSeq = this.modSeq;
    return uid;
  }

  #flags({ mailbox: id, uids, mode, flags }: Extract<Operation, { kind: 'flags' }>): ModelEffect {
    const mailbox = this.mailboxes.get(id);
    if (mailbox === undefined) return none;
    const changed: number[] = [];
    for (const [uid, message] of mailbox.messages) {
      if (!uids.has(uid)) continue;
      const had = message.flags;
      const kept =
        mode === 'replace'
          ? flags
          : mode === 'add'
            ? [...had, ...flags]
            : had.filter((f) => !flags.includes(f));
      const now = flagged({ ...message, modSeq: this.modSeq }, [...new Set(kept)]);
      if (now.inOrder === message.inOrder) continue;
      mailbox.messages.set(uid, now);
      mailbox.highestModSeq = this.modSeq;
      changed.push(uid);
    }
    return { kind: 'flagged', uids: changed.sort(ascending) };
  }

  #take(mailbox: ModelMailbox, wanted: UidSet, restorable: boolean): number[] {
    const uids = [...mailbox.messages.keys()].filter((uid) => wanted.has(uid)).sort(ascending);
    if (uids.length === 0) return uids;
    const departure = this.#departure(uids);
    for (const uid of uids) {
      if (restorable) departure.messages.set(uid, mailbox.messages.get(uid)!);
      mailbox.messages.delete(uid);
      mailbox.hidden.delete(uid);
    }
    mailbox.departures.push(departure);
    mailbox.highestModSeq = this.modSeq;
    return uids;
  }

  #purge(before: number): void {
    const all = [...this.mailboxes.values(), ...this.removed.map((r) => r.mailbox)];
    for (const { departures } of all)
      for (const departure of departures) if (departure.time <= before) departure.messages = new Map();
    const kept = this.removed.filter((r) => r.time > before);
    this.removed.splice(0, this.removed.length, ...kept);
  }

  #restore(id: number, since: number): ModelEffect {
    const removed = this.mailboxes.has(id) ? undefined : this.removed.find((r) => r.mailbox.id === id);
    const source = this.mailboxes.get(id) ?? removed?.mailbox;
    if (source === undefined || (removed !== undefined && removed.time < since)) return none;
    const back: [number, ModelMessage][] = removed === undefined ? [] : [...source.messages];
    for (const departure of source.departures) {
      if (departure.time < since) continue;
      back.push(...departure.messages);
      departure.messages = new Map();
    }
    if (removed !== undefined) {
      source.messages = new Map();
      if (source.departures.every((d) => d.messages.size === 0))
        this.removed.splice(this.removed.indexOf(removed), 1);
    }
    const to = removed === undefined ? source : (this.named(source.name) ?? this.#create(source.name));
    const uids = back
      .sort((a, b) => a[0] - b[0])
      .map(([, m]) =>
        this.#add(
          to,
          flagged(
            m,
            m.flags.filter((f) => f !== '\\Deleted'),
          ),
        ),
      );
    return { kind: 'restored', mailbox: to.id, uidValidity: to.uidValidity, uids };
  }

  /** Emails that are in a mailbox or may come back. */
  *neededEmails(): Generator<string> {
    for (const mailbox of [...this.mailboxes.values(), ...this.removed.map((r) => r.mailbox)]) {
      for (const { email } of mailbox.messages.values()) yield email;
      for (const { messages } of mailbox.departures) for (const { email } of messages.values()) yield email;
    }
  }
}

const ascending = (a: number, b: number): number => a - b;
