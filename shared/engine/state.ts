import type { LogPosition, MailboxId, MessageNo, ModSeq } from '../ids.ts';
import type { DeliveryIds } from './delivery-ids.ts';
import type { FlagTable } from './flag-table.ts';
import type { Mailbox } from './mailbox.ts';
import type { SharedVector } from './shared-vector.ts';

/** A deleted mailbox, kept for the retention period. */
export interface RemovedMailbox {
  /** Seconds since 1970. */
  readonly time: number;
  readonly mailbox: Mailbox;
}

/** Everything an account holds at one position of its log. Immutable: `apply` makes the next one and shares the rest. */
export interface AccountState {
  readonly position: LogPosition;
  /** Of the last entry, milliseconds since 1970. Never goes back. */
  readonly time: number;
  /** The newest rules by which an entry of it was written: who does not understand them cannot take a snapshot of it either. */
  readonly rules: number;
  /** A mod-sequence is this base plus a position; a rebuild begins an epoch with a higher one. */
  readonly modSeqBase: number;
  readonly mailboxes: MailboxTable;
  /** Names; they outlive their mailboxes (RFC 9051 §6.3.7). */
  readonly subscriptions: ReadonlySet<string>;
  readonly flags: FlagTable;
  readonly nextMessage: MessageNo;
  readonly nextMailbox: MailboxId;
  readonly lastUidValidity: number;
  readonly usage: Usage;
  readonly limits: { readonly bytes: number | undefined };
  readonly deliveries: DeliveryIds;
  readonly metadata: ReadonlyMap<string, string>;
  readonly removedMailboxes: SharedVector<RemovedMailbox>;
}

/** What counts against the quota: each message in each mailbox. */
export interface Usage {
  readonly bytes: number;
  readonly messages: number;
}

/** INBOX is made by the first entry and cannot be deleted: its id never changes. */
export const inboxId = 1 as MailboxId;

/** The mod-sequence that an entry gives to what it changes. */
export const modSeqAt = (state: AccountState, position: number): ModSeq =>
  (state.modSeqBase + position) as ModSeq;

const bucketSize = 64;

/** Mailboxes by id and by name. Changing one copies a bucket of 64, not the table. */
export class MailboxTable {
  static readonly empty = new MailboxTable([], new Map());
  readonly #buckets: readonly (readonly (Mailbox | undefined)[])[];
  readonly #names: ReadonlyMap<string, MailboxId>;

  private constructor(
    buckets: readonly (readonly (Mailbox | undefined)[])[],
    names: ReadonlyMap<string, MailboxId>,
  ) {
    this.#buckets = buckets;
    this.#names = names;
  }

  static of(mailboxes: Iterable<Mailbox>): MailboxTable {
    const buckets: (Mailbox | undefined)[][] = [];
    const names = new Map<string, MailboxId>();
    for (const mailbox of mailboxes) {
      const index = Math.floor(mailbox.id / bucketSize);
      while (buckets.length <= index) buckets.push([]);
      const bucket = buckets[index]!;
      while (bucket.length <= mailbox.id % bucketSize) bucket.push(undefined);
      bucket[mailbox.id % bucketSize] = mailbox;
      names.set(mailbox.name, mailbox.id);
    }
    return new MailboxTable(buckets, names);
  }

  get size(): number {
    return this.#names.size;
  }

  get(id: MailboxId): Mailbox | undefined {
    return this.#buckets[Math.floor(id / bucketSize)]?.[id % bucketSize];
  }

  named(name: string): Mailbox | undefined {
    const id = this.#names.get(name);
    return id === undefined ? undefined : this.get(id);
  }

  /** Ascending by id. */
  *[Symbol.iterator](): Generator<Mailbox> {
    for (const bucket of this.#buckets) for (const mailbox of bucket ?? []) if (mailbox) yield mailbox;
  }

  /** Names below `name` in the hierarchy. */
  *below(name: string): Generator<Mailbox> {
    for (const mailbox of this) if (mailbox.name.startsWith(`${name}/`)) yield mailbox;
  }

  with(mailbox: Mailbox): MailboxTable {
    const before = this.get(mailbox.id);
    let names = this.#names;
    if (before?.name !== mailbox.name) {
      const changed = new Map(names);
      if (before !== undefined && changed.get(before.name) === before.id) changed.delete(before.name);
      names = changed.set(mailbox.name, mailbox.id);
    }
    return new MailboxTable(this.#place(mailbox.id, mailbox), names);
  }

  without(id: MailboxId): MailboxTable {
    const before = this.get(id);
    if (before === undefined) return this;
    const names = new Map(this.#names);
    names.delete(before.name);
    return new MailboxTable(this.#place(id, undefined), names);
  }

  #place(id: MailboxId, mailbox: Mailbox | undefined) {
    const buckets = this.#buckets.slice();
    const index = Math.floor(id / bucketSize);
    while (buckets.length <= index) buckets.push([]);
    const bucket = buckets[index]!.slice();
    while (bucket.length <= id % bucketSize) bucket.push(undefined);
    bucket[id % bucketSize] = mailbox;
    buckets[index] = bucket;
    return buckets;
  }
}
