import { type Chunk, lastUid } from '../../shared/engine/rows.ts';
import type { Span } from '../../shared/engine/view.ts';
import type { SeqNum } from '../../shared/ids.ts';
import { fetchFlagsLines } from '../../shared/imap/responses/flag-lines.ts';
import { flushAt, ResponseWriter } from '../../shared/imap/writer.ts';
import { Turn } from '../../shared/net/turn.ts';
import type { FlagTexts } from './flag-text.ts';
import type { Client } from './session-state.ts';

/** What a line says besides the flags. */
export interface LineForm {
  readonly uid: boolean;
  readonly modSeq: boolean;
}

/** Lines written at once. */
const rowsAtOnce = 128;
/** Lines of a chunk that take more are not kept. */
const mostKept = 128 * 1024;

/**
 * A FETCH response of flags for every row of some spans. Lines of a whole chunk that are asked for a second time are kept encoded, for all
 * sessions and within the bound of the service's memos: until the chunk changes, the same octets are the answer.
 */
export async function sendFlagLines(
  client: Client,
  spans: Iterable<Span>,
  texts: FlagTexts,
  form: LineForm,
): Promise<void> {
  const turn = new Turn();
  for (const span of spans) {
    const { chunk, from, to, firstSeq } = span;
    // \Recent is one session's own.
    const whole =
      from === 0 && to === chunk.length && !texts.isRecentAmong(chunk.fixed.uid[0]!, lastUid(chunk));
    const kept = whole ? keptLines(client, chunk, firstSeq, texts, form) : undefined;
    if (kept !== undefined) await client.send(kept);
    else
      for (let row = from; row < to; row += rowsAtOnce) {
        writeRows(client.writer, span, row, Math.min(to, row + rowsAtOnce), texts, form);
        if (client.writer.length >= flushAt) await client.flush();
      }
    if (turn.isOver) await turn.pass();
  }
}

function writeRows(
  writer: ResponseWriter,
  { chunk, from, firstSeq }: Pick<Span, 'chunk' | 'from' | 'firstSeq'>,
  first: number,
  to: number,
  texts: FlagTexts,
  form: LineForm,
): void {
  const { uid } = chunk.fixed;
  const { flags, modSeq } = chunk.marks;
  fetchFlagsLines(writer, {
    from: first,
    to,
    firstSeq: (firstSeq + first - from) as SeqNum,
    uid: form.uid ? uid : undefined,
    modSeq: form.modSeq ? modSeq : undefined,
    flags: (row) => texts.of(flags[row]!, uid[row]!),
  });
}

/** A chunk never changes, its versions are other chunks: each has a name once it was asked for. */
const names = new WeakMap<Chunk, string>();
let named = 0;

/** The lines of a whole chunk, where it is not asked for the first time. */
function keptLines(
  { memos }: Client,
  chunk: Chunk,
  firstSeq: SeqNum,
  texts: FlagTexts,
  form: LineForm,
): Uint8Array | undefined {
  const name = names.get(chunk);
  if (name === undefined) {
    names.set(chunk, `lines ${++named}`);
    return undefined;
  }
  const key = `${name} ${firstSeq} ${form.uid ? 'uid' : ''} ${form.modSeq ? 'modseq' : ''}`;
  const known = memos.get(key)?.values[0];
  if (known !== undefined) return known as Uint8Array;
  const writer = new ResponseWriter();
  writeRows(writer, { chunk, from: 0, firstSeq }, 0, chunk.length, texts, form);
  const lines = writer.take().slice();
  if (lines.length <= mostKept) memos.set(key, { values: [lines], bytes: lines.length }, lines.length + 256);
  return lines;
}
