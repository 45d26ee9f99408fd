import { ObjectGone } from '../../../shared/engine/message-index.ts';
import type { MessageReader } from '../../../shared/engine/message-reader.ts';
import type { Chunk } from '../../../shared/engine/rows.ts';
import { bodyText, TextMatcher } from '../../../shared/message/search-text.ts';
import { Turn } from '../../../shared/net/turn.ts';
import { loadRecords } from '../fetch/messages.ts';
import { readAhead } from '../read-ahead.ts';
import type { Selected } from '../session-state.ts';
import type { Criteria } from './criteria.ts';
import { Facts } from './facts.ts';

/** Takes a message that matches; in ascending order. True: no more are wanted. */
export type OnMatch = (chunk: Chunk, row: number, seq: number) => boolean | undefined;

/** Messages that need reading before they can be decided, read together. */
const batchSize = 1000;
/** Bodies opened before they are looked through. */
const bodiesAhead = { count: 8, weight: 1 << 20 };
const heldOfBody = 256 << 10;

/**
 * Finds the messages of a view that meet the criteria. What the mailbox's columns decide is decided by them; of the rest first
 * the header records are read, then, for those still open, the bodies. Ghosts never match. Throws where the store cannot be read.
 */
export async function findMessages(
  { view, messages }: Pick<Selected, 'view' | 'messages'>,
  criteria: Criteria,
  onMatch: OnMatch,
): Promise<void> {
  const { predicate, scope } = criteria;
  const turn = new Turn();
  const probe = new Facts(emptyChunk, 0);
  let batch: Candidate[] = [];
  let open = 0;
  for (const { chunk, from, to, firstSeq, ghost } of view.spans(scope)) {
    if (ghost) continue;
    probe.chunk = chunk;
    for (let row = from; row < to; row++) {
      probe.row = row;
      const seq = firstSeq + row - from;
      const answer = predicate.test(probe);
      if (answer === 'no') continue;
      if (answer === 'yes' && open === 0) {
        if (onMatch(chunk, row, seq)) return;
        continue;
      }
      // Behind one that is still open everything waits, so that matches come in order.
      batch.push({ chunk, row, seq, answer });
      if (answer === 'unknown') open++;
    }
    if (open >= batchSize || batch.length >= batchSize * 8) {
      if (await settle(messages, criteria, batch, onMatch)) return;
      batch = [];
      open = 0;
    }
    if (turn.isOver) await turn.pass();
  }
  await settle(messages, criteria, batch, onMatch);
}

const emptyChunk = {} as Chunk;

interface Candidate {
  readonly chunk: Chunk;
  readonly row: number;
  readonly seq: number;
  answer: 'yes' | 'no' | 'unknown';
}

/** Decides what is open in a batch, and hands over what matches. True where no more are wanted. */
async function settle(
  messages: MessageReader,
  criteria: Criteria,
  batch: readonly Candidate[],
  onMatch: OnMatch,
): Promise<boolean> {
  for (let at = 0; at < batch.length; ) {
    // A part at a time: a search for the first match must not read everything.
    const some = batch.slice(at, (at += batchSize));
    await decide(
      messages,
      criteria,
      some.filter(({ answer }) => answer === 'unknown'),
    );
    for (const { chunk, row, seq, answer } of some)
      if (answer === 'yes' && onMatch(chunk, row, seq)) return true;
  }
  return false;
}

async function decide(
  messages: MessageReader,
  { predicate, needles, emailIds }: Criteria,
  open: readonly Candidate[],
): Promise<void> {
  if (open.length === 0) return;
  const turn = new Turn();
  const possible = await withoutAbsentTexts(messages, predicate, needles, open);
  const loaded = await loadRecords(
    messages,
    possible.map(({ candidate }) => candidate),
    { records: true, emailIds },
  );
  const unread: { readonly candidate: Candidate; readonly facts: Facts }[] = [];
  for (const [i, { candidate, facts }] of possible.entries()) {
    const { record, emailId, gone } = loaded[i]!;
    facts.record = record;
    facts.emailId = emailId;
    candidate.answer = gone ? 'no' : predicate.test(facts);
    if (candidate.answer === 'unknown') unread.push({ candidate, facts });
    if (turn.isOver) await turn.pass();
  }
  const openBody = ({ facts }: (typeof unread)[number]) =>
    messages.body(facts.chunk.fixed.message[facts.row]!).then(
      ({ body }) => body,
      (cause) => (cause instanceof ObjectGone ? undefined : Promise.reject(cause)),
    );
  const weigh = ({ facts }: (typeof unread)[number]): number =>
    Math.min(heldOfBody, facts.chunk.fixed.size[facts.row]!);
  for await (const [{ candidate, facts }, body] of readAhead(unread, openBody, bodiesAhead, weigh, giveUp)) {
    candidate.answer = body === undefined ? 'no' : await lookThrough(body, facts, needles, predicate, turn);
  }
}

interface Possible {
  readonly candidate: Candidate;
  readonly facts: Facts;
}

/** Notes what the index of texts rules out: then a message's record decides, or what is kept of it, and its body is not read. */
async function withoutAbsentTexts(
  messages: MessageReader,
  predicate: Criteria['predicate'],
  needles: readonly string[],
  open: readonly Candidate[],
): Promise<readonly Possible[]> {
  const all = open.map((candidate) => ({ candidate, facts: new Facts(candidate.chunk, candidate.row) }));
  if (needles.length === 0) return all;
  const numbers = open.map(({ chunk, row }) => chunk.fixed.message[row]!);
  const absent = await messages.absentTexts(numbers, needles);
  return all.filter(({ candidate, facts }, i) => {
    if (absent[i] === 0) return true;
    for (const n of needles.keys()) if (n < 30 && (absent[i]! >>> n) % 2 === 1) facts.inBody[n] = false;
    candidate.answer = predicate.test(facts);
    return candidate.answer === 'unknown';
  });
}

type Body = Uint8Array | AsyncIterable<Uint8Array>;

/** A body that was opened and is not wanted any more. */
const giveUp = (body: Body | undefined): unknown =>
  body === undefined || body instanceof Uint8Array ? undefined : body[Symbol.asyncIterator]().return?.();

/** Looks for all texts at once, and no further than until the answer is known. */
async function lookThrough(
  body: Body,
  facts: Facts,
  needles: readonly string[],
  predicate: Criteria['predicate'],
  turn: Turn,
): Promise<'yes' | 'no'> {
  const matchers = needles.map((needle) => new TextMatcher(needle));
  for await (const text of bodyText(facts.record!, body)) {
    let found = false;
    for (const [i, matcher] of matchers.entries()) {
      if (facts.inBody[i] !== undefined || !matcher.push(text)) continue;
      facts.inBody[i] = true;
      found = true;
    }
    const answer = found ? predicate.test(facts) : 'unknown';
    if (answer !== 'unknown') return answer;
    if (turn.isOver) await turn.pass();
  }
  facts.inBody = needles.map((_, i) => facts.inBody[i] ?? false);
  return predicate.test(facts) === 'yes' ? 'yes' : 'no';
}
