import { zstdDecompressSync } from 'node:zlib';
import type { BlobKey, LogPosition, MailboxId } from '../ids.ts';
import { emptyState, NewerRules } from './apply.ts';
import { BinaryReader, BinaryWriter } from './binary.ts';
import { compress } from './columns.ts';
import { DeliveryIds } from './delivery-ids.ts';
import { FlagTable } from './flag-table.ts';
import { readMailbox, writeMailbox } from './mailbox-codec.ts';
import { worked } from './pace.ts';
import { rulesUnderstood } from './rules.ts';
import type { IndexObject } from './section-store.ts';
import type { SettledMessages } from './segment.ts';
import { type MessagesForm, readMessages, writeMessages } from './segment-refs.ts';
import { SharedVector } from './shared-vector.ts';
import { type AccountState, MailboxTable } from './state.ts';

/** The layout of manifests. */
const formatVersion = 6;
/** What the versions that can be read know of messages; older ones are written anew by the next compaction. */
const formOf: ReadonlyMap<number, MessagesForm> = new Map([
  [formatVersion, 'withClusters'],
  [5, 'withAnswers'],
  [4, 'recordsOnly'],
]);

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
  /** Every mailbox's rows and history are stored, in sections of `objects`. */
  readonly state: AccountState;
  readonly objects: readonly IndexObject[];
  readonly messages: SettledMessages;
  readonly pastHeads: readonly PastHead[];
  readonly replaced: readonly ReplacedObject[];
}

/** What one item of a manifest's longer lists takes, in the values that `worked` counts. */
const itemValues = 8;

/** A list in steps. */
async function writeList<T>(out: BinaryWriter, items: readonly T[], write: (item: T) => void): Promise<void> {
  out.varint(items.length);
  for (const item of items) {
    await worked(itemValues);
    write(item);
  }
}

/** In steps, and packed off the event loop: it grows with the account, and sessions are at work meanwhile. */
export async function encodeManifest(manifest: Manifest): Promise<Uint8Array> {
  const { state } = manifest;
  const out = new BinaryWriter(4096);
  out.byte(formatVersion);
  out.varint(state.rules);
  for (const number of [state.position, state.time, state.modSeqBase, state.nextMessage, state.nextMailbox])
    out.varint(number);
  for (const number of [state.lastUidValidity, state.usage.bytes, state.usage.messages]) out.varint(number);
  out.varint(state.limits.bytes === undefined ? 0 : state.limits.bytes + 1);
  out.list([...state.subscriptions], (name) => out.string(name));
  out.list([...state.metadata], ([key, value]) => {
    out.string(key);
    out.string(value);
  });
  await state.deliveries.write(out, Math.floor(state.time / 1000));
  out.varint(state.flags.size);
  for (let id = 0; id < state.flags.size; id++) out.list(state.flags.set(id).flags, (f) => out.string(f));
  const { objects } = manifest;
  await writeList(out, objects, ({ key, bytes }) => {
    out.string(key);
    out.varint(bytes);
  });
  const numbers = new Map(objects.map(({ key }, i) => [key, i]));
  await writeList(out, [...state.mailboxes], (mailbox) => writeMailbox(out, mailbox, numbers));
  await writeList(out, [...state.removedMailboxes], ({ time, mailbox }) => {
    out.varint(time);
    writeMailbox(out, mailbox, numbers);
  });
  const { messages } = manifest;
  await writeMessages(out, messages);
  out.list(manifest.pastHeads, (head) => {
    out.varint(head.position);
    out.varint(head.replacedAt);
  });
  await writeList(out, manifest.replaced, (object) => {
    out.string(object.key);
    out.varint(object.replacedAt);
  });
  return compress(out.take());
}

/** @throws NewerRules where a newer release wrote it, CorruptData where the bytes are no manifest. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const source = new BinaryReader(zstdDecompressSync(bytes));
  const form = formOf.get(source.byte());
  if (form === undefined) throw new NewerRules('manifest');
  const rules = source.varint();
  if (rules > rulesUnderstood) throw new NewerRules('manifest');
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
  const deliveries = DeliveryIds.read(source);
  let flags = FlagTable.empty;
  for (const set of source.list(() => source.list(() => source.string()))) flags = flags.intern(set).table;
  const objects = source.list(() => ({ key: source.string() as BlobKey, bytes: source.varint() }));
  const keys = objects.map(({ key }) => key);
  const mailboxes = MailboxTable.of(source.list(() => readMailbox(source, keys)));
  const removed = source.list(() => ({ time: source.varint(), mailbox: readMailbox(source, keys) }));
  const messages = readMessages(source, form);
  const pastHeads = source.list(() => ({ position: number() as LogPosition, replacedAt: number() }));
  const replaced = source.list(() => ({ key: source.string() as BlobKey, replacedAt: source.varint() }));
  source.end();
  const state: AccountState = {
    ...emptyState({ modSeqBase, uidValidityFloor: lastUidValidity }),
    rules,
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
  return { state, objects, messages, pastHeads, replaced };
}
