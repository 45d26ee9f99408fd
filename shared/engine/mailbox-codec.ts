import type { BlobKey, MailboxId, ModSeq } from '../ids.ts';
import type { BinaryReader, BinaryWriter } from './binary.ts';
import { CorruptData } from './binary.ts';
import { Mailbox, noHistory, noRows } from './mailbox.ts';
import type { SpecialUse } from './operation.ts';
import type { SectionRef } from './stored-rows.ts';
import { UidSet } from './uid-set.ts';

/** A mailbox in a manifest: its counters, and where its rows and its history are, by the number of the object in the manifest's list. */
export function writeMailbox(out: BinaryWriter, m: Mailbox, objects: ReadonlyMap<BlobKey, number>): void {
  out.varint(m.id);
  out.string(m.name);
  out.string(m.specialUse ?? '');
  for (const n of [m.uidValidity, m.uidNext, m.highestModSeq, m.recentFrom]) out.varint(n);
  for (const n of [m.exists, m.unseen, m.deleted, m.bytes]) out.varint(n);
  out.list(m.keywords, (keyword) => out.string(keyword));
  m.hiddenFromPop3.write(out);
  const refs = (sections: readonly SectionRef[]) =>
    out.list(sections, ({ object, start, bytes }) => {
      const number = objects.get(object);
      if (number === undefined) throw new Error(`${object} is not in the manifest`);
      for (const n of [number, start, bytes]) out.varint(n);
    });
  const { stored } = m.rows;
  if ((stored === undefined && m.exists > 0) || m.rows.chunks.length > 0)
    throw new Error(`mailbox ${m.id} is not stored`);
  refs(stored?.sections ?? []);
  if (stored !== undefined) out.varint(stored.recent);
  out.varint(m.history.from);
  const history = m.history.stored;
  refs(history?.sections ?? []);
  if (history === undefined) return;
  const oldest = Number.isFinite(history.oldest) ? history.oldest + 1 : 0;
  for (const n of [history.count, history.restorable, oldest, history.modSeq]) out.varint(n);
}

/** The mailbox as it is until its rows are asked for. */
export function readMailbox(source: BinaryReader, objects: readonly BlobKey[]): Mailbox {
  const number = () => source.varint();
  const refs = (): SectionRef[] =>
    source.list(() => {
      const object = objects[number()];
      if (object === undefined) throw new CorruptData('a section of no object');
      return { object, start: number(), bytes: number() };
    });
  const fields = {
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
  };
  const { uidNext, recentFrom } = fields;
  const sections = refs();
  const rows =
    sections.length === 0
      ? noRows
      : { stored: { sections, uidNext, recentFrom, recent: number() }, chunks: [] };
  const from = number();
  const left = refs();
  if (left.length === 0) return new Mailbox({ ...fields, rows, history: { ...noHistory, from } });
  const [count, restorable, oldest, modSeq] = [number(), number(), number(), number()];
  const stored = {
    sections: left,
    count,
    restorable,
    oldest: oldest === 0 ? Number.POSITIVE_INFINITY : oldest - 1,
    modSeq,
    purges: [],
  };
  return new Mailbox({ ...fields, rows, history: { ...noHistory, from, stored } });
}
