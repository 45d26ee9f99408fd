import type { Chunk } from '../../shared/engine/rows.ts';
import type { Span } from '../../shared/engine/view.ts';
import type { SeqNum } from '../../shared/ids.ts';
import { flushAt } from '../../shared/imap/writer.ts';
import { Turn } from '../../shared/net/turn.ts';
import type { Client } from './session-state.ts';

/** Writes something for every row of some spans: sends whenever the writer is full, and lets others run. */
export async function sendRows(
  client: Client,
  spans: Iterable<Span>,
  write: (chunk: Chunk, row: number, seq: SeqNum) => void,
): Promise<void> {
  const { writer } = client;
  const turn = new Turn();
  for (const { chunk, from, to, firstSeq } of spans) {
    for (let row = from; row < to; row++) {
      write(chunk, row, (firstSeq + row - from) as SeqNum);
      if (writer.length >= flushAt) await client.flush();
    }
    if (turn.isOver) await turn.pass();
  }
}

/** Sends what a generator of `shared/imap/responses` writes, piece by piece. */
export async function sendAll(client: Client, lines: Iterable<void>): Promise<void> {
  const turn = new Turn();
  for (const _ of lines) {
    await client.flush();
    if (turn.isOver) await turn.pass();
  }
}
