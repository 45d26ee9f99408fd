import type { Chunk } from '../../../shared/engine/rows.ts';
import type { Span } from '../../../shared/engine/view.ts';
import type { ModSeq, Uid } from '../../../shared/ids.ts';
import type { FetchItem } from '../../../shared/imap/fetch-items.ts';
import {
  fetchClose,
  fetchFlags,
  fetchInternalDate,
  fetchModSeq,
  fetchOpen,
  fetchSaveDate,
  fetchSize,
  fetchUid,
} from '../../../shared/imap/responses/fetch.ts';
import type { ResponseWriter } from '../../../shared/imap/writer.ts';
import { sendFlagLines } from '../flag-lines.ts';
import type { FlagTexts } from '../flag-text.ts';
import { sendRows } from '../send-rows.ts';
import type { Client } from '../session-state.ts';
import { type ColumnItem, isColumn } from './plan.ts';

/** Writes one item of one row. */
export type ColumnWriter = (w: ResponseWriter, chunk: Chunk, row: number, texts: FlagTexts) => void;

export const columnWriters: Readonly<Record<ColumnItem, ColumnWriter>> = {
  uid: (w, { fixed }, row) => fetchUid(w, fixed.uid[row] as Uid),
  flags: (w, { fixed, marks }, row, texts) => fetchFlags(w, texts.of(marks.flags[row]!, fixed.uid[row]!)),
  modSeq: (w, { marks }, row) => fetchModSeq(w, marks.modSeq[row] as ModSeq),
  size: (w, { fixed }, row) => fetchSize(w, fixed.size[row]!),
  internalDate: (w, { fixed }, row) => fetchInternalDate(w, fixed.internalDate[row]! * 1000),
  saveDate: (w, { fixed }, row) => fetchSaveDate(w, fixed.saveDate[row]! * 1000),
};

/** A FETCH that nothing needs to be read for: the way a mailbox is synchronised, straight from its columns. */
export async function sendColumns(
  client: Client,
  spans: Iterable<Span>,
  items: readonly FetchItem[],
  texts: FlagTexts,
): Promise<void> {
  const { writer } = client;
  const columns = items.filter(isColumn).map(({ item }) => item);
  const form = { uid: columns.includes('uid'), modSeq: columns.includes('modSeq') };
  if (columns.includes('flags') && columns.length === 1 + Number(form.uid) + Number(form.modSeq))
    return sendFlagLines(client, spans, texts, form);
  const writers = columns.map((item) => columnWriters[item]);
  await sendRows(client, spans, (chunk, row, seq) => {
    fetchOpen(writer, seq);
    for (let i = 0; i < writers.length; i++) writers[i]!(writer, chunk, row, texts);
    fetchClose(writer);
  });
}
