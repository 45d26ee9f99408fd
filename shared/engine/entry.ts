import type { BlobKey, EmailId, LogPosition, MailboxId } from '../ids.ts';
import { NewerRules, rulesVersion } from './apply.ts';
import { BinaryReader, BinaryWriter, CorruptData } from './binary.ts';
import type { AppendedMessage, Operation, SpecialUse } from './operation.ts';
import type { Usage } from './state.ts';
import { UidSet } from './uid-set.ts';

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
  if (rules > rulesVersion) throw new NewerRules(`entry ${position}`);
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

const kinds = [
  'create',
  'delete',
  'rename',
  'subscribe',
  'append',
  'flags',
  'expunge',
  'copy',
  'move',
  'hideFromPop3',
  'recent',
  'limits',
  'metadata',
  'purge',
] as const satisfies readonly Operation['kind'][];
const modes = ['add', 'remove', 'replace'] as const;

export function encodeOperations(operations: readonly Operation[]): Uint8Array {
  const out = new BinaryWriter();
  out.list(operations, (operation) => writeOperation(out, operation));
  return out.take();
}

function writeOperation(out: BinaryWriter, o: Operation): void {
  out.byte(kinds.indexOf(o.kind));
  switch (o.kind) {
    case 'create':
      out.string(o.name);
      return out.string(o.specialUse ?? '');
    case 'delete':
      return out.varint(o.mailbox);
    case 'rename':
      out.string(o.from);
      return out.string(o.to);
    case 'subscribe':
      out.string(o.name);
      return out.byte(o.subscribed ? 1 : 0);
    case 'append':
      out.varint(o.mailbox);
      out.string(o.deliveryId ?? '');
      return writeMessage(out, o.message);
    case 'flags':
      out.varint(o.mailbox);
      o.uids.write(out);
      out.byte(modes.indexOf(o.mode));
      return out.list(o.flags, (flag) => out.string(flag));
    case 'expunge':
    case 'hideFromPop3':
      out.varint(o.mailbox);
      return o.uids.write(out);
    case 'copy':
    case 'move':
      out.varint(o.mailbox);
      o.uids.write(out);
      return out.varint(o.to);
    case 'recent':
      out.varint(o.mailbox);
      return out.varint(o.uid);
    case 'limits':
      return out.varint(o.bytes === undefined ? 0 : o.bytes + 1);
    case 'metadata':
      out.string(o.key);
      return out.string(o.value);
    case 'purge':
      return out.varint(o.expungedBefore);
  }
}

function writeMessage(out: BinaryWriter, message: AppendedMessage): void {
  out.string(message.emailId);
  out.varint(message.size);
  out.varint(message.internalDate);
  out.list(message.flags, (flag) => out.string(flag));
  out.bytes(message.record);
}

/** @throws CorruptData */
export function decodeOperations(bytes: Uint8Array): readonly Operation[] {
  const source = new BinaryReader(bytes);
  const operations = source.list(() => readOperation(source));
  source.end();
  return operations;
}

function readOperation(source: BinaryReader): Operation {
  const kind = kinds[source.byte()];
  const mailbox = () => source.varint() as MailboxId;
  switch (kind) {
    case 'create':
      return {
        kind,
        name: source.string(),
        specialUse: (source.string() || undefined) as SpecialUse | undefined,
      };
    case 'delete':
      return { kind, mailbox: mailbox() };
    case 'rename':
      return { kind, from: source.string(), to: source.string() };
    case 'subscribe':
      return { kind, name: source.string(), subscribed: source.byte() === 1 };
    case 'append':
      return {
        kind,
        mailbox: mailbox(),
        deliveryId: source.string() || undefined,
        message: readMessage(source),
      };
    case 'flags': {
      const id = mailbox();
      const uids = UidSet.read(source);
      const mode = modes[source.byte()];
      if (mode === undefined) throw new CorruptData('flags mode');
      return { kind, mailbox: id, uids, mode, flags: source.list(() => source.string()) };
    }
    case 'expunge':
    case 'hideFromPop3':
      return { kind, mailbox: mailbox(), uids: UidSet.read(source) };
    case 'copy':
    case 'move':
      return { kind, mailbox: mailbox(), uids: UidSet.read(source), to: mailbox() };
    case 'recent':
      return { kind, mailbox: mailbox(), uid: source.varint() };
    case 'limits': {
      const bytes = source.varint();
      return { kind, bytes: bytes === 0 ? undefined : bytes - 1 };
    }
    case 'metadata':
      return { kind, key: source.string(), value: source.string() };
    case 'purge':
      return { kind, expungedBefore: source.varint() };
    default:
      throw new CorruptData('unknown operation');
  }
}

function readMessage(source: BinaryReader): AppendedMessage {
  return {
    emailId: source.string() as EmailId,
    size: source.varint(),
    internalDate: source.varint(),
    flags: source.list(() => source.string()),
    // A copy: a view would keep the whole entry's bytes alive as long as the record.
    record: source.bytes().slice(),
  };
}
