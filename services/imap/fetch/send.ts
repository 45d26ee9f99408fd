import { ObjectGone } from '../../../shared/engine/message-index.ts';
import type { MessageReader } from '../../../shared/engine/message-reader.ts';
import type { UidSet } from '../../../shared/engine/uid-set.ts';
import type { Span } from '../../../shared/engine/view.ts';
import type { SeqNum, Uid } from '../../../shared/ids.ts';
import type { FetchItem } from '../../../shared/imap/fetch-items.ts';
import { fetchClose, fetchOpen } from '../../../shared/imap/responses/fetch.ts';
import { flushAt, type ResponseWriter } from '../../../shared/imap/writer.ts';
import { Turn } from '../../../shared/net/turn.ts';
import type { FlagTexts } from '../flag-text.ts';
import { readAhead } from '../read-ahead.ts';
import type { Client } from '../session-state.ts';
import { type Answers, answersFor } from './answers.ts';
import { columnWriters } from './columns.ts';
import { type Loaded, loadMessages, unread } from './messages.ts';
import { type FetchPlan, isAnswerable } from './plan.ts';
import { type BodyItem, discard, isBodyItem, type Prepared, prepare } from './prepare.ts';
import { writeStored } from './stored.ts';
import { itemWriter, sendPrepared, writeItem, writeMarked } from './write-item.ts';

/** What could not be answered, though the rest was. */
export interface Shortfall {
  gone?: boolean;
  unknownEncoding?: boolean;
  /** The store did not answer; nothing after it was tried. */
  unavailable?: { readonly cause: unknown };
}

/** A FETCH on its way. */
export interface FetchRun {
  readonly client: Client;
  readonly messages: MessageReader;
  readonly plan: FetchPlan;
  readonly texts: FlagTexts;
  /** Messages that this command marked \Seen. */
  readonly marked: UidSet;
  /** Those of them whose new flags were sent, ascending. */
  readonly told: Uid[];
  readonly shortfall: Shortfall;
}

/** Bodies opened before they are needed, and how many octets of them may be in memory. */
const bodiesAhead = { count: 16, weight: 1 << 20 };
/** Large bodies are read at the client's pace: no more than this of one is held. */
const heldOfBody = 256 << 10;
/** Bodies are sent so many octets together: each write wakes the client, and costs more than copying what it brings. */
const bodiesFlushAt = 65_536;
/** Body items of one message that are opened before it is answered; a client that asks for more waits for each. */
const openedTogether = 4;

/** Answers a FETCH that needs more than the mailbox's columns. */
export async function sendMessages(run: FetchRun, spans: Iterable<Span>): Promise<void> {
  const { client, plan } = run;
  // Whole messages need nothing but their bytes.
  if (!plan.records && !plan.emailIds) return sendWithBodies(run, unread(spans));
  const answers = needsRecords(plan)
    ? undefined
    : answersFor(client.memos, run.messages, plan.items, client.writer.text);
  const batches = loadMessages(run.messages, spans, plan, answers);
  try {
    for (;;) {
      // Reading may fail: that is answered. Sending may fail too, but then there is nobody to answer.
      const next = await batches.next().catch((cause) => {
        run.shortfall.unavailable = { cause };
      });
      if (!next || next.done) return;
      const there = next.value.filter((message) => !message.gone);
      if (there.length < next.value.length) run.shortfall.gone = true;
      if (plan.bodies) await sendWithBodies(run, there);
      else await sendWithoutBodies(run, there, answers);
      if (run.shortfall.unavailable) return;
    }
  } finally {
    // Also where the client is gone in the middle: what was put counts from then on.
    answers?.memo.keep();
    await batches.return(undefined);
  }
}

function noteTold(told: Uid[], marked: UidSet, { chunk, row }: Loaded): void {
  const uid = chunk.fixed.uid[row] as Uid;
  if (marked.has(uid)) told.push(uid);
}

/** Messages between two looks at the clock. */
const lookEvery = 32;

async function sendWithoutBodies(
  { client, plan, texts, marked, told }: FetchRun,
  messages: readonly Loaded[],
  answers: Answers | undefined,
): Promise<void> {
  const { writer } = client;
  const { before, answerable, after } = parted(plan.items, answers);
  const first = before.map((item) => itemWriter(item, texts));
  const last = after.map((item) => itemWriter(item, texts));
  const turn = new Turn();
  for (let i = 0; i < messages.length; i++) {
    const message = messages[i]!;
    fetchOpen(writer, message.seq as SeqNum);
    if (marked.size > 0) {
      writeMarked(client, plan.items, message, marked, texts);
      noteTold(told, marked, message);
    }
    for (let f = 0; f < first.length; f++) first[f]!(writer, message);
    if (answers) writeAnswer(writer, answerable, message, texts, answers);
    for (let f = 0; f < last.length; f++) last[f]!(writer, message);
    fetchClose(writer);
    if (writer.length >= flushAt) await client.flush();
    if (i % lookEvery === 0 && turn.isOver) await turn.pass();
  }
}

/** Other items than those of `Answers` need the record, or the body. */
const needsRecords = ({ items, bodies }: FetchPlan): boolean =>
  bodies || items.some(({ item }) => item === 'threadId');

/** What is answered together stands where the first of it was asked for. */
function parted(items: readonly FetchItem[], answers: Answers | undefined) {
  if (answers === undefined) return { before: items, answerable: [], after: [] };
  const at = items.findIndex(isAnswerable);
  return {
    before: items.slice(0, at),
    answerable: items.filter(isAnswerable),
    after: items.slice(at).filter((item) => !isAnswerable(item)),
  };
}

function writeAnswer(
  writer: ResponseWriter,
  items: readonly FetchItem[],
  message: Loaded,
  texts: FlagTexts,
  answers: Answers,
): void {
  if (message.stored !== undefined) {
    writeStored(writer, answers.forms!, message.stored);
    return;
  }
  if (message.answer !== undefined) {
    writer.gap();
    writer.raw(message.answer);
    return;
  }
  const from = writer.length;
  for (const item of items) writeItem(writer, item, message, texts);
  const written = writer.since(from);
  // Its own place in the list is not the next one's.
  const answer = written[0] === space ? written.slice(1) : written;
  answers.memo.put(message.chunk.fixed.message[message.row]!, answer, answer.length);
}

const space = 0x20;

/** The first body items of a message, opened; or why they could not be. */
type Opened = readonly Prepared[] | { readonly cause: unknown };

async function sendWithBodies(run: FetchRun, messages: Iterable<Loaded>): Promise<void> {
  const { client, plan, shortfall } = run;
  const items = plan.items.filter(isBodyItem);
  const prepareFor = (message: Loaded, item: BodyItem): Promise<Prepared> => {
    const { fixed } = message.chunk;
    const no = fixed.message[message.row]!;
    return prepare(item, message.record, fixed.size[message.row]!, (range) => run.messages.body(no, range));
  };
  const open = async (message: Loaded): Promise<Opened> => {
    if (items.length > 1)
      return allOrCause(items.slice(0, openedTogether).map((item) => prepareFor(message, item)));
    try {
      return [await prepareFor(message, items[0]!)];
    } catch (cause) {
      return { cause };
    }
  };
  const weigh = ({ chunk, row }: Loaded): number => Math.min(heldOfBody, chunk.fixed.size[row]!);
  const giveUp = (opened: Opened): unknown => ('cause' in opened ? undefined : discard(opened));
  const turn = new Turn();
  for await (const [message, opened] of readAhead(messages, open, bodiesAhead, weigh, giveUp)) {
    if ('cause' in opened) {
      if (opened.cause instanceof ObjectGone) {
        shortfall.gone = true;
        continue;
      }
      shortfall.unavailable = opened;
      return;
    }
    await sendMessage(run, message, opened, (item) => prepareFor(message, item));
    if (client.writer.length >= bodiesFlushAt) await client.flush();
    if (turn.isOver) await turn.pass();
  }
}

async function allOrCause(opening: readonly Promise<Prepared>[]): Promise<Opened> {
  const settled = await Promise.allSettled(opening);
  const failed = settled.find((result) => result.status === 'rejected');
  const opened = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  if (failed === undefined) return opened;
  await discard(opened);
  return { cause: failed.reason };
}

async function sendMessage(
  { client, plan, texts, marked, told, shortfall }: FetchRun,
  message: Loaded,
  opened: readonly Prepared[],
  openLater: (item: BodyItem) => Promise<Prepared>,
): Promise<void> {
  fetchOpen(client.writer, message.seq as SeqNum);
  let empty = !writeMarked(client, plan.items, message, marked, texts);
  noteTold(told, marked, message);
  let next = 0;
  try {
    for (const item of plan.items) {
      if (isBodyItem(item)) {
        const prepared = opened[next++] ?? (await openLater(item));
        if (prepared.kind === 'unknownEncoding') shortfall.unknownEncoding = true;
        else empty = false;
        await sendPrepared(client, item, prepared);
      } else {
        writeItem(client.writer, item, message, texts);
        empty = false;
      }
    }
  } finally {
    await discard(opened.slice(next));
  }
  // A response has an item at least (RFC 9051 §9).
  if (empty) columnWriters.uid(client.writer, message.chunk, message.row, texts);
  fetchClose(client.writer);
}
