import { type AccountId, type BlobKey, type EmailId, type MailboxId, messageKey } from '../ids.ts';
import type { MessageRecord } from '../message/structure.ts';
import type { Blob, ByteRange } from '../ports/blob-store.ts';
import type { Result } from '../result.ts';
import { AccountCompaction } from './account-compaction.ts';
import { type Applied, applyOperations, initialState, mayShareObjects } from './apply.ts';
import { type CommitOptions, CommitQueue, type Sent } from './commit.ts';
import type { Decide } from './decision.ts';
import type { EngineParts } from './engine.ts';
import type { Entry } from './entry.ts';
import type { ReadEntry } from './entry-reader.ts';
import type { Slice } from './frame.ts';
import { FreshRead } from './fresh-read.ts';
import { type MailError, orUnavailable } from './mail-error.ts';
import type { Mailbox } from './mailbox.ts';
import { loadWhole } from './mailbox-loader.ts';
import { MessageIndex, ObjectGone } from './message-index.ts';
import { PartLoader } from './part-loader.ts';
import { RecentMarks } from './recent-marks.ts';
import { AccountUse, stateBytes } from './resting.ts';
import type { AnswerColumn } from './segment.ts';
import { settleState } from './settle-state.ts';
import { loadSnapshot, type Snapshot } from './snapshot-loader.ts';
import { type StagedMessage, stageMessage } from './stage.ts';
import type { AccountState } from './state.ts';
import { RowsNeeded } from './stored-rows.ts';
import { readTail } from './tail-reader.ts';
import { type EntrySize, type Tail, TailSize } from './tail-size.ts';

/**
 * One account as this process holds it: its newest known state, shared by all its sessions, and the way to change it. Any number of
 * processes may hold the same account; each catches up by reading the log's tail.
 */
export class Account {
  readonly id: AccountId;
  /** What is \Recent to the next session. */
  readonly recent = new RecentMarks();
  readonly #parts: EngineParts;
  readonly #queue: CommitQueue;
  readonly #listeners = new Set<(state: AccountState) => void>();
  #state: AccountState = initialState;
  #messages: MessageIndex;
  #snapshot: Snapshot | undefined;
  /** When the tail was last read, ms: an append may only follow a read of the last minutes. */
  #readAt = 0;
  #tail = new TailSize();
  readonly #freshRead: FreshRead;
  readonly #compaction: AccountCompaction;
  readonly #loader: PartLoader;
  readonly #use: AccountUse;

  constructor(id: AccountId, parts: EngineParts) {
    this.id = id;
    this.#parts = parts;
    this.#messages = new MessageIndex(id, parts);
    this.#queue = new CommitQueue(this, parts);
    this.#compaction = new AccountCompaction(this, parts);
    const newest = () => this.#state;
    const self = {
      id,
      get state() {
        return newest();
      },
      loaded: (state: AccountState) => {
        this.#state = state;
      },
      reload: (manifest: BlobKey) => this.#loadFrom(manifest),
      adoptEntry: (entry: ReadEntry) => this.#adoptEntry(entry),
    };
    this.#loader = new PartLoader(parts.blobs, self);
    this.#freshRead = new FreshRead(async () => {
      this.#readAt = await readTail(self, parts);
    });
    this.#use = new AccountUse(parts.entropy.now());
  }

  /** The newest state known here: never older than the last `refresh` or own change. */
  get state(): AccountState {
    return this.#state;
  }

  get readAt(): number {
    return this.#readAt;
  }

  get messages(): MessageIndex {
    return this.#messages;
  }

  get snapshot(): Snapshot | undefined {
    return this.#snapshot;
  }

  /** When somebody last asked something of it, ms. */
  get usedAt(): number {
    return this.#use.at;
  }

  /** Somebody uses it without asking anything that a read or a change takes. */
  touch(): void {
    this.#use.touch(this.#parts.entropy.now());
  }

  /** Nobody uses it: it is packed, at a fraction of its size, and what is asked for unpacks by itself. */
  rest(): void {
    this.#use.rest(this.#state);
  }

  /** About how many bytes of memory it takes. */
  get bytes(): number {
    return stateBytes(this.#state) + this.#messages.bytes;
  }

  /** Called with every newer state, at once, in order. The returned function ends it. */
  onChange(listener: (state: AccountState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads the log's tail: one read, whether anything is new or not. */
  refresh(): Promise<Result<AccountState, MailError>> {
    return orUnavailable(async () => {
      await this.catchUp();
      return this.#state;
    });
  }

  /** Like `refresh`, but throws. A call made while a read is under way gets one that began after the call. */
  catchUp(): Promise<void> {
    return this.#freshRead.run();
  }

  /** Begins anew from a snapshot. Mailboxes that somebody opened here have their rows at once. */
  async #loadFrom(manifest: Snapshot['manifest']): Promise<void> {
    const snapshot = await loadSnapshot(this.#parts.blobs, manifest);
    const state = await this.#loader.withOpened(snapshot.state);
    // Entries may have been taken in meanwhile.
    if (snapshot.state.position <= this.#state.position) return this.settled(snapshot);
    this.#snapshot = snapshot;
    this.#messages = new MessageIndex(this.id, this.#parts);
    this.#messages.settle(snapshot.messages);
    this.#tail = new TailSize();
    this.#become(state);
  }

  /** What an entry needs of mailboxes that are not loaded is read first. */
  async #adoptEntry({ entry, ...size }: ReadEntry): Promise<void> {
    await this.asking(() => {
      if (entry.position !== this.#state.position + 1) return;
      this.#takeIn(entry, size, applyOperations(this.#state, entry, entry.operations));
    });
  }

  #takeIn({ operations }: Entry, size: EntrySize, { state, effects }: Applied): void {
    this.#messages.note(this.#state.nextMessage, operations, effects);
    this.#tail.add(size);
    this.#become(state);
  }

  /** Takes in an entry whose fate is known: ours that was accepted, or another's that stands in its place. */
  async adopt({ entry, bytes: { length }, spilled, spill, base, applied }: Sent): Promise<void> {
    const size = { bytes: length + spilled, spill };
    if (this.#state === base) this.#takeIn(entry, size, applied);
    else await this.#adoptEntry({ entry, ...size });
    this.#parts.notifier.announce(this.id, entry.position);
    this.#compaction.startWhereNeeded();
  }

  #become(state: AccountState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  /** A change: decided on the newest state, again whenever another writer was first, answered when it is durable. */
  commit<T>(decide: Decide<T>, options: CommitOptions = {}): Promise<Result<T, MailError>> {
    return this.#queue.commit(decide, options);
  }

  /** Puts a message's bytes; the append that names it makes it mail. Throws what the body throws. */
  stage(
    body: Uint8Array | AsyncIterable<Uint8Array>,
    limit?: number,
  ): Promise<Result<StagedMessage, MailError>> {
    return stageMessage(this.#parts, this.id, body, limit);
  }

  /** Gives up a staged message that no append will name. The sweep finds what is left. */
  async unstage(message: StagedMessage): Promise<void> {
    if (mayShareObjects(this.state)) return;
    await this.#parts.blobs.delete([messageKey(message.account, message.emailId)]).catch(() => undefined);
  }

  /** Header records, one for each message number; `of`: the mailbox that all of them are in, where that is known. */
  records(numbers: readonly number[], of?: MailboxId): Promise<MessageRecord[]> {
    return this.#reading(() => this.#messages.records(numbers, of));
  }

  /** What is kept of messages ready to be sent: see `MessageIndex.answers`. */
  answers(
    numbers: readonly number[],
    column: AnswerColumn,
    of?: MailboxId,
  ): Promise<readonly (Slice | undefined)[]> {
    return this.#reading(() => this.#messages.answers(numbers, column, of));
  }

  emailIds(numbers: readonly number[]): Promise<EmailId[]> {
    return this.#reading(() => this.#messages.emailIds(numbers));
  }

  /** As `emailIds`, 16 bytes each. */
  packedIds(numbers: readonly number[]): Promise<Uint8Array> {
    return this.#reading(() => this.#messages.packedIds(numbers));
  }

  /** Which of some folded texts are certainly not in messages' bodies: see `MessageIndex.absentTexts`. */
  absentTexts(numbers: readonly number[], needles: readonly string[]): Promise<Uint32Array> {
    return this.#reading(() => this.#messages.absentTexts(numbers, needles));
  }

  /** The exact bytes of a message, or a range of them. */
  body(number: number, range?: ByteRange): Promise<Blob> {
    return this.#reading(() => this.#messages.body(number, range));
  }

  /** An object that is gone was replaced by a newer snapshot: reload from the head, never fail the client for it. */
  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (cause) {
      if (!(cause instanceof ObjectGone)) throw cause;
      const { head } = await this.#parts.log.read(this.id, this.#state.position);
      if (head === undefined || head.manifest === this.#snapshot?.manifest) throw cause;
      await this.#loadFrom(head.manifest);
      return await read();
    }
  }

  /**
   * Asks something of the newest state; rows and history that it needs are loaded, and it is asked again. What is asked must change nothing
   * before it knows all it needs.
   */
  async asking<T>(question: (state: AccountState) => T): Promise<T> {
    for (;;) {
      try {
        return question(this.#state);
      } catch (cause) {
        if (!(cause instanceof RowsNeeded)) throw cause;
        await this.load(cause.mailbox, cause.part);
      }
    }
  }

  /** Makes a mailbox's rows, or its history, part of the state; other sessions and later versions share them. */
  load(mailbox: MailboxId, part: 'rows' | 'history' = 'rows'): Promise<void> {
    return this.#reading(() => this.#loader.load(mailbox, part));
  }

  /** A mailbox with all its rows, as it is now; undefined where it is gone. */
  openMailbox(id: MailboxId): Promise<Result<Mailbox | undefined, MailError>> {
    return orUnavailable(async () => {
      await this.load(id);
      return this.#state.mailboxes.get(id);
    });
  }

  /** The newest state with the rows and the history of all mailboxes, for whoever must look at everything. */
  whole(): Promise<AccountState> {
    return this.#reading(() => loadWhole(this.#parts.blobs, this.#state));
  }

  /**
   * A snapshot of a state this account has passed: its objects now serve the older messages, and rows that are not loaded. One that is older
   * than what serves them is of no use: who read it was slow, and another compaction has ended meanwhile.
   */
  settled(snapshot: Snapshot): void {
    if (snapshot.state.position < (this.#snapshot?.state.position ?? 0)) return;
    this.#snapshot = snapshot;
    this.#messages.settle(snapshot.messages);
    this.#state = settleState(this.#state, snapshot.state);
    this.#tail.keepLast(this.#state.position - snapshot.state.position);
  }

  /** What only the log holds so far. */
  get tail(): Tail {
    return this.#tail.tail;
  }

  /** Folds the log into a snapshot, unless another process is at it. */
  compact(): Promise<void> {
    return this.#compaction.run();
  }

  /** Resolves when no background work is under way. */
  async settle(): Promise<void> {
    await this.#compaction.settle();
    await this.#queue.idle();
  }
}
