import type { BlobKey, LogPosition } from '../ids.ts';
import { NewerRules } from './apply.ts';
import { BinaryReader, BinaryWriter, CorruptData } from './binary.ts';
import type { Operation } from './operation.ts';
import { rulesUnderstood } from './rules.ts';
import type { Usage } from './state.ts';

/** The layout of an entry's bytes; the meaning of its operations is `rules`. */
const formatVersion = 1;

/** Operations above this many bytes go to a spill object that the entry names. */
export const inlineLimit = 16 * 1024;

export interface Entry {
  readonly position: LogPosition;
  readonly rules: number;
  /** 16 random hex digits: tells the own attempt from another's when an answer was lost. */
  readonly writer: string;
  /** Milliseconds since 1970, never before the entry before it. */
  readonly time: number;
  /** After this entry: what the next delivery needs to know of the quota. */
  readonly usage: Usage;
  readonly limit: number | undefined;
  readonly operations: readonly Operation[];
}

/**
 * Whether the usage that an entry carries may be right: what the account has after it (`now`), or, of deliveries that opened nothing (unopened-writer.ts),
 * what the entry before it said and their messages. They cannot know which of them were there already, and so may say too much, never too
 * little. `before`: undefined where that entry is not known.
 */
export function usageFits({ usage, operations }: Entry, before: Usage | undefined, now: Usage): boolean {
  if (usage.bytes === now.bytes && usage.messages === now.messages) return true;
  let bytes = before?.bytes ?? Number.NEGATIVE_INFINITY;
  for (const operation of operations) {
    if (operation.kind !== 'append' || operation.deliveryId === undefined) return false;
    bytes += operation.message.size;
  }
  const said = before === undefined || usage.messages === before.messages + operations.length;
  return said && usage.bytes >= Math.max(bytes, now.bytes) && (before === undefined || usage.bytes === bytes);
}

/** An entry whose operations may lie in a spill object, as it is stored. */
export interface EntryHeader extends Omit<Entry, 'operations'> {
  readonly body:
    | { readonly kind: 'inline'; readonly bytes: Uint8Array }
    | { readonly kind: 'spill'; readonly key: BlobKey };
}

export function encodeEntry(header: EntryHeader): Uint8Array {
  const out = new BinaryWriter();
  out.byte(formatVersion);
  out.varint(header.rules);
  out.raw(Buffer.from(header.writer, 'hex'));
  out.varint(header.time);
  out.varint(header.usage.bytes);
  out.varint(header.usage.messages);
  out.varint(header.limit === undefined ? 0 : header.limit + 1);
  if (header.body.kind === 'inline') {
    out.byte(0);
    out.bytes(header.body.bytes);
  } else {
    out.byte(1);
    out.string(header.body.key);
  }
  return out.take();
}

/** @throws NewerRules where a newer release wrote it, CorruptData where the bytes are not an entry. */
export function decodeEntry(position: LogPosition, bytes: Uint8Array): EntryHeader {
  const source = new BinaryReader(bytes);
  if (source.byte() !== formatVersion) throw new NewerRules(`entry ${position}`);
  const rules = source.varint();
  if (rules > rulesUnderstood) throw new NewerRules(`entry ${position}`);
  const writer = Buffer.from(source.raw(8)).toString('hex');
  const time = source.varint();
  const usage = { bytes: source.varint(), messages: source.varint() };
  const limit = source.varint();
  const form = source.byte();
  if (form > 1) throw new CorruptData(`entry ${position}: body form ${form}`);
  const body =
    form === 0
      ? ({ kind: 'inline', bytes: source.bytes() } as const)
      : ({ kind: 'spill', key: source.string() as BlobKey } as const);
  source.end();
  return { position, rules, writer, time, usage, limit: limit === 0 ? undefined : limit - 1, body };
}
