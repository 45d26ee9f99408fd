import type { AccountId, MailboxId } from '../ids.ts';
import { answersVersion } from '../imap/stored-answers.ts';
import { ByteCache } from './byte-cache.ts';
import { ClusterBuilder, type OldPart } from './cluster-builder.ts';
import { decodeNumbers } from './cluster-numbers.ts';
import type { EngineParts } from './engine.ts';
import type { FlagTable } from './flag-table.ts';
import type { FramePlace } from './frame-reader.ts';
import type { Mailbox } from './mailbox.ts';
import { loadRows } from './mailbox-loader.ts';
import { collect, MessageIndex, ObjectGone } from './message-index.ts';
import { atOnce, worked, yieldToSessions } from './pace.ts';
import { type Chunk, lowerBound } from './rows.ts';
import type { Cluster, ClusterPart, SettledMessages } from './segment.ts';
import { lastAtOrBelow, placeIn, Reading } from './segment-places.ts';
import type { AccountState } from './state.ts';

/** Records read, and handled, before sessions have their turn. */
const recordsAtOnce = 16;
/** What it takes to find a row's message, beside handling a value. */
const looksARow = 4;
/** What of the segments is held while records are read from them. */
const readCacheBytes = 8 * 1024 * 1024;

type Parts = Pick<EngineParts, 'blobs' | 'entropy' | 'giveUp' | 'scatteredBytes'>;

interface ClusterSizes {
  /** Parts are about so large; one that more comes into the middle of may be twice as large. */
  readonly partBytes: number;
  /** Messages that one compaction copies at most: a function has seconds for it. */
  readonly copies: number;
}
const usual: ClusterSizes = { partBytes: 8 * 1024 * 1024, copies: 16_384 };

/** Rows of a mailbox that a compaction has at hand: all of them, or only some that came last. */
export type RowsAtHand = 'all' | 'young';

/**
 * Puts copies of a mailbox's records and answers together where they lie scattered. Looked at are rows that a compaction has at hand anyway; all of a
 * mailbox's are read only where that will be done. It is done again where what came since is so scattered that the whole mailbox reads three
 * times what it needs: so what is written is never more than what a reader of the mailbox would read in vain.
 */
export class ClusterKeeper {
  readonly #account: AccountId;
  readonly #messages: SettledMessages;
  readonly #flags: FlagTable;
  readonly #parts: Parts;
  readonly #partBytes: number;
  /** Messages that may still be copied. */
  #room: number;
  readonly #clusters = new Map<MailboxId, Cluster>();
  /** Of a record, as stored. */
  readonly #averageBytes: number;

  constructor(
    account: AccountId,
    messages: SettledMessages,
    flags: FlagTable,
    parts: Parts,
    { partBytes, copies } = usual,
  ) {
    this.#partBytes = partBytes;
    this.#room = copies;
    this.#account = account;
    this.#messages = messages;
    this.#flags = flags;
    this.#parts = parts;
    for (const cluster of messages.clusters) this.#clusters.set(cluster.mailbox, cluster);
    const bytes = messages.segments.reduce((sum, { records }) => sum + records.end, 0);
    this.#averageBytes = bytes / messages.segments.reduce((sum, { live }) => sum + live, 1);
  }

  /** The clusters of mailboxes that are there. */
  of(state: AccountState): readonly Cluster[] {
    return [...this.#clusters.values()].filter(
      ({ mailbox }) => (state.mailboxes.get(mailbox)?.exists ?? 0) > 0,
    );
  }

  /** Looks at a mailbox that has changed, and puts its messages together where that is due. */
  async look(mailbox: Mailbox, rows: readonly Chunk[], atHand: RowsAtHand): Promise<void> {
    let before = this.#clusters.get(mailbox.id);
    if (before !== undefined && isOfAnotherVersion(before)) before = undefined;
    if (atHand === 'young') {
      if (!before?.unfinished && !(await this.#isDue(mailbox, rows, before))) return;
      return this.look(mailbox, await this.#allRows(mailbox), 'all');
    }
    if (this.#room === 0) return;
    if (before !== undefined && isMostlyDead(before, rows)) {
      before = undefined;
      this.#clusters.delete(mailbox.id);
    }
    if (await this.#isDue(mailbox, rows, before))
      this.#clusters.set(mailbox.id, await this.#putTogether(mailbox, rows, before));
    else if (before?.unfinished) this.#clusters.set(mailbox.id, { ...before, unfinished: false });
  }

  async #isDue(mailbox: Mailbox, rows: readonly Chunk[], before: Cluster | undefined): Promise<boolean> {
    const reading = new Reading();
    const { segments } = this.#messages;
    let place: FramePlace | undefined;
    for (const chunk of rows) {
      const { message } = chunk.fixed;
      for (let i = lowerBound(chunk, before?.uidNext ?? 0); i < chunk.length; i++) {
        const no = message[i]!;
        if (place === undefined || no < place.first || no >= place.next) {
          const segment = segments[lastAtOrBelow(segments, no)];
          place = segment && placeIn(segment, no, 'records');
        }
        if (place !== undefined) reading.add(place);
      }
      await worked(chunk.length * looksARow);
    }
    return reading.isScattered(this.#parts.scatteredBytes, mailbox.exists * this.#averageBytes);
  }

  async #allRows({ rows: { stored, chunks } }: Mailbox): Promise<readonly Chunk[]> {
    if (stored === undefined) return chunks;
    return (await loadRows(this.#parts.blobs, stored, this.#flags)).concat(chunks);
  }

  async #putTogether(
    mailbox: Mailbox,
    rows: readonly Chunk[],
    before: Cluster | undefined,
  ): Promise<Cluster> {
    const uidNext = this.#takeRoom(rows, before?.uidNext ?? 0) ?? mailbox.uidNext;
    try {
      const parts = await this.#write(rows, uidNext, before?.parts ?? []);
      return { mailbox: mailbox.id, uidNext, unfinished: uidNext < mailbox.uidNext, parts };
    } catch (cause) {
      // Where a copy is gone, all are made anew.
      if (before === undefined || !(cause instanceof ObjectGone)) throw cause;
      return this.#putTogether(mailbox, rows, undefined);
    }
  }

  /** The UID up to which, and without, there is room for copies of the rows from `from` on; undefined for all of them. */
  #takeRoom(rows: readonly Chunk[], from: number): number | undefined {
    for (const chunk of rows) {
      const loose = chunk.length - lowerBound(chunk, from);
      if (loose > this.#room) {
        const uid = chunk.fixed.uid[chunk.length - loose + this.#room]!;
        this.#room = 0;
        return uid;
      }
      this.#room -= loose;
    }
    return undefined;
  }

  /** Parts that get nothing stay as they are; of the others, frames that get nothing. */
  async #write(
    rows: readonly Chunk[],
    uidNext: number,
    before: readonly ClusterPart[],
  ): Promise<readonly ClusterPart[]> {
    const { count } = this.#messages;
    const added = new Uint8Array(count + 1);
    for (const chunk of rows) {
      const { message } = chunk.fixed;
      const end = lowerBound(chunk, uidNext);
      for (let i = 0; i < end; i++) added[message[i]!] = 1;
      await worked(chunk.length);
    }
    const numbers: Uint32Array[] = [];
    for (const { copies } of before) {
      const { key, ids, bytes } = copies;
      const known = decodeNumbers(await this.#read(key, { start: ids, end: bytes }), copies.count);
      for (const no of known) added[no] = 0;
      await worked(known.length);
      numbers.push(known);
    }
    const builder = new ClusterBuilder(this.#account, this.#parts, this.#partBytes);
    const index = new MessageIndex(this.#account, {
      ...this.#parts,
      frames: new ByteCache(readCacheBytes),
    });
    index.settle(this.#messages);
    const addAll = async (from: number, to: number): Promise<void> => {
      for await (const some of addedIn(added, from, to)) {
        const records = await index.encodedRecords(some);
        await yieldToSessions(this.#parts.giveUp);
        for (const [i, record] of records.entries()) await builder.add(some[i]!, record);
      }
    };
    if (before.length === 0) await addAll(1, count + 1);
    for (const [i, part] of before.entries()) {
      const from = i === 0 ? 1 : part.first;
      const to = before[i + 1]?.first ?? count + 1;
      // A part that is full stays so where all that is new comes behind it.
      const end = part.copies.bytes >= this.#partBytes ? Math.min(to, part.last) : to;
      if (await hasAny(added, from, end)) {
        builder.beginOld(await this.#oldPart(part, numbers[i]!));
        await addAll(from, end);
        await builder.endOld();
      } else await builder.keep(part);
      await addAll(end, to);
      await builder.end();
    }
    await builder.end();
    return builder.parts;
  }

  async #oldPart({ copies }: ClusterPart, numbers: Uint32Array): Promise<OldPart> {
    return { copies, numbers, bytes: await this.#read(copies.key) };
  }

  async #read(
    key: ClusterPart['copies']['key'],
    range?: { start: number; end: number },
  ): Promise<Uint8Array> {
    const blob = await this.#parts.blobs.get(key, range);
    if (blob === undefined) throw new ObjectGone(key);
    return collect(blob.body);
  }
}

const isOfAnotherVersion = ({ parts }: Cluster): boolean =>
  parts.some(({ copies }) => copies.answers?.version !== answersVersion);

/** Whether less than half of what it has is still in the mailbox, all of whose rows these are. */
function isMostlyDead({ uidNext, parts }: Cluster, rows: readonly Chunk[]): boolean {
  let live = 0;
  for (const chunk of rows) live += lowerBound(chunk, uidNext);
  return live * 2 < parts.reduce((sum, { copies }) => sum + copies.count, 0);
}

/** Marked numbers of a range in their order, some at a time. */
async function* addedIn(added: Uint8Array, from: number, to: number): AsyncGenerator<readonly number[]> {
  let some: number[] = [];
  for (let no = from; no < to; no++) {
    if (no % atOnce === 0) await worked(atOnce);
    if (added[no] === 1 && some.push(no) === recordsAtOnce) {
      yield some;
      some = [];
    }
  }
  if (some.length > 0) yield some;
}

async function hasAny(added: Uint8Array, from: number, to: number): Promise<boolean> {
  for await (const _ of addedIn(added, from, to)) return true;
  return false;
}
