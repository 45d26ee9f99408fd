import type { ModSeq } from '../ids.ts';
import { NewerRules } from './apply.ts';
import { BinaryReader, BinaryWriter } from './binary.ts';
import { compress, decompress } from './columns.ts';
import type { FlagTable } from './flag-table.ts';
import type { Departure } from './mailbox.ts';
import { worked } from './pace.ts';
import { noMarks } from './row-delta.ts';
import { appendRows } from './row-edits.ts';
import { decodeRowSection, encodeRowSection } from './row-section.ts';
import { type Chunk, countIn, selectRows } from './rows.ts';
import { UidSet } from './uid-set.ts';

/** The layout of sections of history. */
const formatVersion = 1;

/** A section of what left a mailbox, oldest first: UIDs of each departure, and the rows of those that can come back. */
export async function encodeHistorySection(
  departures: readonly Departure[],
  flags: FlagTable,
): Promise<Uint8Array> {
  const list = new BinaryWriter();
  list.varint(departures.length);
  let [modSeq, time] = [0, 0];
  for (const departure of departures) {
    list.varint(departure.modSeq - modSeq);
    list.varint(departure.time - time);
    departure.uids.write(list);
    ({ modSeq, time } = departure);
  }
  const out = new BinaryWriter(1024);
  out.byte(formatVersion);
  out.bytes(await compress(list.take()));
  for (const [i, { rows, uids }] of departures.entries()) {
    if (rows.length === 0) continue;
    const appended = await rowsOfDeparture(rows, uids, flags);
    if (appended.length === 0) continue;
    out.varint(i);
    out.bytes(await encodeRowSection({ uidFrom: 1, removed: UidSet.empty, changed: noMarks, appended }));
  }
  return out.take();
}

/** Chunks of only those rows that left: most are as they were, since neighbours leave together. */
async function rowsOfDeparture(rows: readonly Chunk[], uids: UidSet, flags: FlagTable): Promise<Chunk[]> {
  const left: Chunk[] = [];
  for (const chunk of rows) {
    if (countIn([chunk], uids) === chunk.length) left.push(chunk);
    else left.push(...appendRows([], selectRows([chunk], uids), flags));
    await worked(chunk.length);
  }
  return left;
}

/** @throws NewerRules where a newer release wrote it, CorruptData where the bytes are no section. */
export async function decodeHistorySection(bytes: Uint8Array, flags: FlagTable): Promise<Departure[]> {
  const source = new BinaryReader(bytes);
  if (source.byte() !== formatVersion) throw new NewerRules('a section of history');
  const list = new BinaryReader(await decompress(source.bytes()));
  let [modSeq, time] = [0, 0];
  const departures = list.list((): Departure => {
    modSeq += list.varint();
    time += list.varint();
    return { modSeq: modSeq as ModSeq, time, uids: UidSet.read(list), rows: [] };
  });
  list.end();
  while (source.left > 0) {
    const place = source.varint();
    const { appended } = await decodeRowSection(source.bytes(), flags);
    departures[place] = { ...departures[place]!, rows: appended };
  }
  return departures;
}
