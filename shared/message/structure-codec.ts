import { type ByteReader, type ByteWriter, CorruptRecord } from './byte-writer.ts';
import type { Envelope, EnvelopeAddress, Parameters, Part } from './structure.ts';

const kinds = ['leaf', 'multipart', 'message'] as const;
/** Deeper than the parser makes them; a record that goes deeper is corrupt. */
const maxDepth = 256;

/** List lengths as written for Sender and Reply-To: 0 is "the same as From". */
const sameAsFrom = 0;

export function writeEnvelope(w: ByteWriter, envelope: Envelope): void {
  const orFrom = (list: readonly EnvelopeAddress[]): void => {
    if (list === envelope.from || sameAddresses(list, envelope.from)) w.number(sameAsFrom);
    else {
      w.number(list.length + 1);
      for (const address of list) writeAddress(w, address);
    }
  };
  w.optional(envelope.date);
  w.optional(envelope.subject);
  writeAddresses(w, envelope.from);
  orFrom(envelope.sender);
  orFrom(envelope.replyTo);
  writeAddresses(w, envelope.to);
  writeAddresses(w, envelope.cc);
  writeAddresses(w, envelope.bcc);
  w.optional(envelope.inReplyTo);
  w.optional(envelope.messageId);
}

export function readEnvelopeRecord(r: ByteReader): Envelope {
  const date = r.optional();
  const subject = r.optional();
  const addresses = (): EnvelopeAddress[] => r.list(() => readAddress(r));
  const from = addresses();
  const orFrom = (): readonly EnvelopeAddress[] => {
    const size = r.number();
    return size === sameAsFrom ? from : Array.from({ length: checked(size - 1) }, () => readAddress(r));
  };
  const sender = orFrom();
  const replyTo = orFrom();
  const [to, cc, bcc] = [addresses(), addresses(), addresses()];
  return {
    date,
    subject,
    from,
    sender,
    replyTo,
    to,
    cc,
    bcc,
    inReplyTo: r.optional(),
    messageId: r.optional(),
  };
}

function checked(length: number): number {
  if (length > 1 << 20) throw new CorruptRecord('too many addresses');
  return length;
}

const sameAddresses = (a: readonly EnvelopeAddress[], b: readonly EnvelopeAddress[]): boolean =>
  a.length === b.length &&
  a.every((x, i) => x.name === b[i]!.name && x.mailbox === b[i]!.mailbox && x.host === b[i]!.host);

function writeAddress(w: ByteWriter, address: EnvelopeAddress): void {
  w.optional(address.name);
  w.optional(address.mailbox);
  w.optional(address.host);
}

const writeAddresses = (w: ByteWriter, list: readonly EnvelopeAddress[]): void =>
  w.list(list, (address) => writeAddress(w, address));

const readAddress = (r: ByteReader): EnvelopeAddress => ({
  name: r.optional(),
  mailbox: r.optional(),
  host: r.optional(),
});

function writeParameters(w: ByteWriter, parameters: Parameters): void {
  w.list(parameters, ([name, value]) => {
    w.string(name);
    w.string(value);
  });
}

const readParameters = (r: ByteReader): Parameters => r.list(() => [r.string(), r.string()] as const);

/** Offsets are written relative to `base`, the start of the enclosing body, or the end of the part before. */
export function writePart(w: ByteWriter, part: Part, base: number): void {
  const rare =
    part.id !== undefined ||
    part.description !== undefined ||
    part.md5 !== undefined ||
    part.location !== undefined ||
    part.language.length > 0;
  w.number(kinds.indexOf(part.kind) + (part.disposition ? 4 : 0) + (rare ? 8 : 0));
  w.string(part.type);
  w.string(part.subtype);
  w.string(part.encoding);
  writeParameters(w, part.parameters);
  if (part.disposition !== undefined) {
    w.string(part.disposition.type);
    writeParameters(w, part.disposition.parameters);
  }
  if (rare) {
    w.optional(part.id);
    w.optional(part.description);
    w.optional(part.md5);
    w.optional(part.location);
    w.list(part.language, (tag) => w.string(tag));
  }
  w.number(part.headerStart - base);
  w.number(part.bodyStart - part.headerStart);
  w.number(part.bodyEnd - part.bodyStart);
  w.number(part.lines);
  if (part.kind === 'multipart') {
    let end = part.bodyStart;
    w.list(part.parts, (child) => {
      writePart(w, child, end);
      end = child.bodyEnd;
    });
  } else if (part.kind === 'message') {
    writeEnvelope(w, part.envelope);
    writePart(w, part.content, part.bodyStart);
  }
}

const noLanguages: readonly string[] = [];

export function readPart(r: ByteReader, base: number, depth = 0): Part {
  if (depth > maxDepth) throw new CorruptRecord('parts are nested too deeply');
  const flags = r.number();
  const kind = kinds[flags & 3];
  if (kind === undefined || flags > 15) throw new CorruptRecord('unknown kind of part');
  const [type, subtype, encoding] = [r.string(), r.string(), r.string()];
  const parameters = readParameters(r);
  const disposition = flags & 4 ? { type: r.string(), parameters: readParameters(r) } : undefined;
  const rare = (flags & 8) !== 0;
  const id = rare ? r.optional() : undefined;
  const description = rare ? r.optional() : undefined;
  const md5 = rare ? r.optional() : undefined;
  const location = rare ? r.optional() : undefined;
  const language = rare ? r.list(() => r.string()) : noLanguages;
  const headerStart = base + r.number();
  const bodyStart = headerStart + r.number();
  const bodyEnd = bodyStart + r.number();
  const lines = r.number();
  const common = {
    type,
    subtype,
    parameters,
    id,
    description,
    encoding,
    md5,
    disposition,
    language,
    location,
    headerStart,
    bodyStart,
    bodyEnd,
    lines,
  };
  if (kind === 'multipart') {
    let end = bodyStart;
    const parts = r.list(() => {
      const child = readPart(r, end, depth + 1);
      end = child.bodyEnd;
      return child;
    });
    return { kind, ...common, parts };
  }
  if (kind === 'message')
    return { kind, ...common, envelope: readEnvelopeRecord(r), content: readPart(r, bodyStart, depth + 1) };
  return { kind, ...common };
}
