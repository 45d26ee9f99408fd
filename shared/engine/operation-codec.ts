import type { EmailId, MailboxId } from '../ids.ts';
import { BinaryReader, BinaryWriter, CorruptData } from './binary.ts';
import type { AppendedMessage, Operation, SpecialUse } from './operation.ts';
import { UidSet } from './uid-set.ts';

/** The order is the wire format: new kinds go to the end. */
export const operationKinds = [
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
  'restore',
  'uidValidity',
] as const satisfies readonly Operation['kind'][];
const modes = ['add', 'remove', 'replace'] as const;

export function encodeOperations(operations: readonly Operation[]): Uint8Array {
  const out = new BinaryWriter();
  out.list(operations, (operation) => writeOperation(out, operation));
  return out.take();
}

function writeOperation(out: BinaryWriter, o: Operation): void {
  out.byte(operationKinds.indexOf(o.kind));
  switch (o.kind) {
    case 'create':
      out.string(o.name);
      out.string(o.specialUse ?? '');
      break;
    case 'delete':
      out.varint(o.mailbox);
      break;
    case 'rename':
      out.string(o.from);
      out.string(o.to);
      break;
    case 'subscribe':
      out.string(o.name);
      out.byte(o.subscribed ? 1 : 0);
      break;
    case 'append':
      out.varint(o.mailbox);
      out.string(o.deliveryId ?? '');
      writeMessage(out, o.message);
      break;
    case 'flags':
      out.varint(o.mailbox);
      o.uids.write(out);
      out.byte(modes.indexOf(o.mode));
      out.list(o.flags, (flag) => out.string(flag));
      break;
    case 'expunge':
    case 'hideFromPop3':
      out.varint(o.mailbox);
      o.uids.write(out);
      break;
    case 'copy':
    case 'move':
      out.varint(o.mailbox);
      o.uids.write(out);
      out.varint(o.to);
      break;
    case 'recent':
      out.varint(o.mailbox);
      out.varint(o.uid);
      break;
    case 'limits':
      out.varint(o.bytes === undefined ? 0 : o.bytes + 1);
      break;
    case 'metadata':
      out.string(o.key);
      out.string(o.value);
      break;
    case 'purge':
      out.varint(o.expungedBefore);
      break;
    case 'restore':
      out.varint(o.mailbox);
      out.varint(o.expungedSince);
      break;
    case 'uidValidity':
      out.varint(o.above);
      break;
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
  const kind = operationKinds[source.byte()];
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
    case 'restore':
      return { kind, mailbox: mailbox(), expungedSince: source.varint() };
    case 'uidValidity':
      return { kind, above: source.varint() };
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
