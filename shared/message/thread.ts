import { baseSubject } from './base-subject.ts';
import { foldText } from './fold.ts';
import { parseMessageIds } from './message-ids.ts';
import { type SortInput, sentTime } from './sort-keys.ts';
import type { Envelope } from './structure.ts';

/** What threading knows of a message. */
export interface ThreadInput {
  /** Sequence number or UID: the threads are made of these, and of two equal dates the lower comes first. */
  readonly id: number;
  readonly messageId: string | undefined;
  /** The ids of References, else the first of In-Reply-To (RFC 5256 §3). */
  readonly references: readonly string[];
  /** The base subject, folded. */
  readonly subject: string;
  readonly isReply: boolean;
  /** Sent date, milliseconds since 1970. */
  readonly time: number;
}

/** A message with its answers; `id` is undefined for a message that is not there but holds others together. */
export interface Thread {
  readonly id: number | undefined;
  readonly children: readonly Thread[];
}

/** `references` is the References field's value, which is not part of the envelope. */
export function threadInput(
  id: number,
  message: Pick<SortInput, 'envelope' | 'internalDate'> & { readonly envelope: Envelope },
  references: string | undefined,
): ThreadInput {
  const { envelope } = message;
  const subject = baseSubject(envelope.subject ?? '');
  const named = parseMessageIds(references ?? '');
  return {
    id,
    messageId: parseMessageIds(envelope.messageId ?? '')[0],
    references: named.length > 0 ? named : parseMessageIds(envelope.inReplyTo ?? '').slice(0, 1),
    subject: foldText(subject.text),
    isReply: subject.isReply,
    time: sentTime(message),
  };
}

const byDate = (a: ThreadInput, b: ThreadInput): number => a.time - b.time || a.id - b.id;

/** THREAD=ORDEREDSUBJECT (RFC 5256 §3): one thread a base subject, its first message the parent of all others. */
export function threadBySubject(messages: readonly ThreadInput[]): Thread[] {
  const groups = new Map<string, ThreadInput[]>();
  for (const message of messages.toSorted(byDate)) {
    const group = groups.get(message.subject);
    if (group) group.push(message);
    else groups.set(message.subject, [message]);
  }
  return [...groups.values()].map(([first, ...rest]) => ({
    id: first!.id,
    children: rest.map(({ id }) => ({ id, children: [] })),
  }));
}
