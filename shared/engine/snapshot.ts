import { setImmediate as yieldToSessions } from 'node:timers/promises';
import { promisify } from 'node:util';
import { zstdCompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { BlobKey, LogPosition, MailboxId, ModSeq } from '../ids.ts';
import { emptyState, NewerRules, rulesVersion } from './apply.ts';
import { BinaryReader, BinaryWriter } from './binary.ts';
import { DeliveryIds } from './delivery-ids.ts';
import { FlagTable } from './flag-table.ts';
import type { Departure, Mailbox } from './mailbox.ts';
import type { SpecialUse } from './operation.ts';
import { decodeRows, encodeRows } from './row-codec.ts';
import type { SettledMessages } from './segment.ts';
import { readMessages, writeMessages } from './segment-refs.ts';
import { SharedVector } from './shared-vector.ts';
import { type AccountState, MailboxTable } from './state.ts';
import { UidSet } from './uid-set.ts';

const compress = promisify(zstdCompress) as (bytes: Uint8Array) => Promise<Uint8Array>;

/** The layout of manifests and index objects. */
const formatVersion = 2;

/** A head that was, and when its successor took over (ms): entries up to it may be trimmed a day later. */
export interface PastHead {
  readonly position: LogPosition;
  readonly replacedAt: number;
}

/** An object that a later snapshot no longer names, and since when (ms). */
export interface ReplacedObject {
  readonly key: BlobKey;
  readonly replacedAt: number;
}

/** What the head points to: enough to answer STATUS without loading anything else, and the list of objects. */
export interface Manifest {
  /** Without the mailboxes' rows: `withRows` adds them. */
  readonly state: AccountState;
  readonly index: BlobKey;
  readonly messages: SettledMessages;
  readonly pastHeads: readonly PastHead[];
  readonly replaced: readonly ReplacedObject[];
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  const { state } = manifest;
  const out = new BinaryWriter(4096);
  out.byte(formatVersion);
  out.varint(rulesVersion);
  for (const number of [state.position, state.time, state.modSeqBase, state.nextMessage, state.nextMailbox])
    out.varint(number);
  for (const number of [state.lastUidValidity, state.usage.bytes, state.usage.messages]) out.varint(number);
  out.varint(state.limits.bytes === undefined ? 0 : state.limits.bytes + 1);
  out.list([...state.subscriptions], (name) => out.string(name));
  out.list([...state.metadata], ([key, value]) => {
    out.string(key);
    out.string(value);
  });
  out.list([...state.deliveries.live(Math.floor(state.time / 1000))], ([id, time]) => {
    out.string(id);
    out.varint(time);
  });
  out.varint(state.flags.size);
  for (let id = 0; id < state.flags.size; id++) out.list(state.flags.set(id).flags, (f) => out.string(f));
  out.list([...state.mailboxes], (mailbox) => writeMailbox(out, mailbox));
  out.list([...state.removedMailboxes], ({ time, mailbox }) => {
    out.varint(time);
    writeMailbox(out, mailbox);
  });
  out.string(manifest.index);
  const { messages } = manifest;
  writeMessages(out, messages);
  out.list(manifest.pastHeads, (head) => {
    out.varint(head.position);
    out.varint(head.replacedAt);
  });
  out.list(manifest.replaced, (object) => {
    out.string(object.key);
    out.varint(object.replacedAt);
  });
  return zstdCompressSync(out.take());
}

/** @throws NewerRules where a newer release wrote it, CorruptData where the bytes are no manifest. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const source = new BinaryReader(zstdDecompressSync(bytes));
  if (source.byte() !== formatVersion || source.varint() > rulesVersion) throw new NewerRules('manifest');
  const number = () => source.varint();
  const [position, time, modSeqBase, nextMessage, nextMailbox] = [
    number(),
    number(),
    number(),
    number(),
    number(),
  ];
  const [lastUidValidity, usedBytes, usedMessages, limit] = [number(), number(), number(), number()];
  const subscriptions = new Set(source.list(() => source.string()));
  const metadata = new Map(source.list(() => [source.string(), source.string()] as const));
  const deliveries = DeliveryIds.of(source.list(() => [source.string(), source.varint()] as const));
  let flags = FlagTable.empty;
  for (const set of source.list(() => source.list(() => source.string()))) flags = flags.intern(set).table;
  let mailboxes = MailboxTable.empty;
  for (const mailbox of source.list(() => readMailbox(source))) mailboxes = mailboxes.with(mailbox);
  const removed = source.list(() => ({ time: source.varint(), mailbox: readMailbox(source) }));
  const index = source.string() as BlobKey;
  const messages = readMessages(source);
  const pastHeads = source.list(() => ({ position: number() as LogPosition, replacedAt: number() }));
  const replaced = source.list(() => ({ key: source.string() as BlobKey, replacedAt: source.varint() }));
  source.end();
  const state: AccountState = {
    ...emptyState({ modSeqBase, uidValidityFloor: lastUidValidity }),
    position: position as LogPosition,
    time,
    mailboxes,
    subscriptions,
    flags,
    nextMessage: nextMessage as AccountState['nextMessage'],
    nextMailbox: nextMailbox as MailboxId,
    usage: { bytes: usedBytes, messages: usedMessages },
    limits: { bytes: limit === 0 ? undefined : limit - 1 },
    deliveries,
    metadata,
    removedMailboxes: SharedVector.of(removed),
  };
  return { state, index, messages, pastHeads, replaced };
}

function writeMailbox(out: BinaryWriter, m: Mailbox): void {
  out.varint(m.id);
  out.string(m.name);
  out.string(m.specialUse ?? '');
  for (const n of [m.uidValidity, m.uidNext, m.highestModSeq, m.recentFrom]) out.varint(n);
  for (const n of [m.exists, m.unseen, m.deleted, m.bytes]) out.varint(n);
  out.list(m.keywords, (keyword) => out.string(keyword));
  m.hiddenFromPop3.write(out);
}

function readMailbox(source: BinaryReader): Mailbox {
  const number = () => source.varint();
  return {
    id: number() as MailboxId,
    name: source.string(),
    specialUse: (source.string() || undefined) as SpecialUse | undefined,
    uidValidity: number(),
    uidNext: number(),
    highestModSeq: number() as ModSeq,
    recentFrom: number(),
    exists: number(),
    unseen: number(),
    deleted: number(),
    bytes: number(),
    keywords: source.list(() => source.string()),
    hiddenFromPop3: UidSet.read(source),
    chunks: [],
    departures: SharedVector.of(),
  };
}

/** The rows of every mailbox, and the history of what left it, in one object. */
export function encodeIndex(state: AccountState): Uint8Array {
  const pieces = [...indexPieces(state)];
  return zstdCompressSync(Buffer.concat(pieces));
}

/** The same a mailbox at a time, compressed off the event loop: sessions go on meanwhile. */
export async function encodeIndexGently(state: AccountState): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (const piece of indexPieces(state)) {
    pieces.push(piece);
    await yieldToSessions();
  }
  return compress(Buffer.concat(pieces));
}

function* indexPieces(state: AccountState): Generator<Uint8Array> {
  const all = [...state.mailboxes, ...Array.from(state.removedMailboxes, (r) => r.mailbox)];
  const head = new BinaryWriter();
  head.byte(formatVersion);
  head.varint(all.length);
  yield head.take();
  for (const mailbox of all) {
    const out = new BinaryWriter(1024);
    out.varint(mailbox.id);
    encodeRows(out, mailbox.chunks);
    out.list([...mailbox.departures], (departure) => {
      out.varint(departure.modSeq);
      out.varint(departure.time);
      departure.uids.write(out);
      encodeRows(out, departure.rows, departure.uids);
    });
    yield out.take();
  }
}

/** The state of a manifest with the rows of its index object. */
export function withRows(state: AccountState, bytes: Uint8Array): AccountState {
  const source = new BinaryReader(zstdDecompressSync(bytes));
  if (source.byte() !== formatVersion) throw new NewerRules('index');
  const rows = new Map(
    source.list(() => {
      const id = source.varint() as MailboxId;
      const chunks = decodeRows(source, state.flags);
      const departures = source.list(
        (): Departure => ({
          modSeq: source.varint() as ModSeq,
          time: source.varint(),
          uids: UidSet.read(source),
          rows: decodeRows(source, state.flags),
        }),
      );
      return [id, { chunks, departures: SharedVector.of(departures) }] as const;
    }),
  );
  source.end();
  let mailboxes = state.mailboxes;
  for (const mailbox of state.mailboxes) mailboxes = mailboxes.with({ ...mailbox, ...rows.get(mailbox.id) });
  const removed = Array.from(state.removedMailboxes, (r) => ({
    ...r,
    mailbox: { ...r.mailbox, ...rows.get(r.mailbox.id) },
  }));
  return { ...state, mailboxes, removedMailboxes: SharedVector.of(removed) };
}
