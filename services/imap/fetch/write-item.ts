import type { UidSet } from '../../../shared/engine/uid-set.ts';
import type { BinaryItem, BodySectionItem, FetchItem } from '../../../shared/imap/fetch-items.ts';
import {
  fetchBinarySize,
  fetchBody,
  fetchBodyAnnounced,
  fetchEmailId,
  fetchEnvelope,
  fetchPreview,
  fetchStructure,
  fetchThreadId,
} from '../../../shared/imap/responses/fetch.ts';
import type { ResponseWriter } from '../../../shared/imap/writer.ts';
import type { FlagTexts } from '../flag-text.ts';
import type { Client } from '../session-state.ts';
import { columnWriters } from './columns.ts';
import type { Loaded } from './messages.ts';
import { isColumn } from './plan.ts';
import type { BodyItem, Prepared } from './prepare.ts';
import { bodySource } from './section.ts';
import { threadIdOf } from './thread-id.ts';

/** Octets from which on a literal goes to the socket by itself instead of being copied into the writer. */
const ownWrite = 65_536;

/** An item that is answered from a message's columns and record. */
export function writeItem(
  w: ResponseWriter,
  item: FetchItem,
  { chunk, row, record, emailId }: Loaded,
  texts: FlagTexts,
): void {
  if (isColumn(item)) columnWriters[item.item](w, chunk, row, texts);
  else if (item.item === 'emailId') fetchEmailId(w, emailId!);
  else if (item.item === 'threadId') fetchThreadId(w, threadIdOf(record!, emailId!));
  else if (item.item === 'envelope') fetchEnvelope(w, record!.envelope);
  else if (item.item === 'bodyStructure') fetchStructure(w, record!.root, 'full');
  else if (item.item === 'bodyStructureShort') fetchStructure(w, record!.root, 'short');
  else if (item.item === 'body') {
    const source = bodySource(item, record, chunk.fixed.size[row]!);
    if (source.kind === 'octets') fetchBody(w, item, source.octets);
  }
}

/** The same for many messages: what the item is, is asked once. */
export function itemWriter(item: FetchItem, texts: FlagTexts): (w: ResponseWriter, message: Loaded) => void {
  if (!isColumn(item)) return (w, message) => writeItem(w, item, message, texts);
  const write = columnWriters[item.item];
  return (w, { chunk, row }) => write(w, chunk, row, texts);
}

/** FLAGS, and MODSEQ where the client keeps it, of a message that this command marked \Seen (RFC 9051 §6.4.5). False where it did not. */
export function writeMarked(
  { writer, enabled }: Client,
  items: readonly FetchItem[],
  { chunk, row }: Loaded,
  marked: UidSet,
  texts: FlagTexts,
): boolean {
  if (marked.size === 0 || !marked.has(chunk.fixed.uid[row]!)) return false;
  const asked = (name: FetchItem['item']): boolean => items.some(({ item }) => item === name);
  // A client that is told of the change must be able to say which message it was, without counting (RFC 7162 §3.2.5).
  if (enabled.qresync && !asked('uid')) columnWriters.uid(writer, chunk, row, texts);
  if (!asked('flags')) columnWriters.flags(writer, chunk, row, texts);
  if (enabled.condStore && !asked('modSeq')) columnWriters.modSeq(writer, chunk, row, texts);
  return true;
}

/** An item that was prepared. Its size is a promise: where the octets turn out fewer or more, the connection must end. */
export async function sendPrepared(client: Client, item: BodyItem, prepared: Prepared): Promise<void> {
  const { writer } = client;
  if (prepared.kind === 'preview') fetchPreview(writer, prepared.text);
  else if (item.item === 'binarySize') {
    if (prepared.kind === 'size') fetchBinarySize(writer, item.part, prepared.octets);
  } else if (item.item === 'preview' || prepared.kind === 'unknownEncoding') return;
  else if (prepared.kind === 'none') fetchBodyAnnounced(writer, item, undefined);
  else if (prepared.kind === 'octets') {
    const { octets, content } = prepared;
    fetchBodyAnnounced(writer, item, octets.length, content);
    if (octets.length < ownWrite) writer.raw(octets);
    else await client.send(octets);
  } else if (prepared.kind === 'stream') await sendStream(client, item, prepared);
}

async function sendStream(
  client: Client,
  item: BodySectionItem | BinaryItem,
  { size, chunks, content }: Extract<Prepared, { kind: 'stream' }>,
): Promise<void> {
  fetchBodyAnnounced(client.writer, item, size, content);
  let left = size;
  for await (const chunk of chunks) {
    left -= chunk.length;
    if (left < 0) break;
    await client.send(chunk);
  }
  if (left !== 0) throw new Error(`a literal of ${size} octets was off by ${-left}`);
}
