import type { BlobKey, MailboxId } from '../ids.ts';
import { answersVersion } from '../imap/stored-answers.ts';
import type { TextRef } from './text-segments.ts';

/** Where the header records and email ids of settled messages are. Segments are in order of arrival and do not overlap. */
export interface SettledMessages {
  /** Messages 1 to `count` are settled; the numbers of purged ones are among them. */
  readonly count: number;
  readonly segments: readonly SegmentRef[];
  /** Signatures of their texts, from the first message on; the last ones may have none. */
  readonly texts: readonly TextRef[];
  /** At most one a mailbox. */
  readonly clusters: readonly Cluster[];
}

/**
 * Copies of the records and answers of a mailbox's messages, put together where they lie scattered among others' in the segments, which hold
 * the whole account in order of arrival. Nothing depends on them.
 */
export interface Cluster {
  readonly mailbox: MailboxId;
  /** What came into the mailbox with UIDs from here on is not in it. */
  readonly uidNext: number;
  /** There was more to be copied than one compaction does: the next one that finds the mailbox changed goes on. */
  readonly unfinished: boolean;
  /** In order of arrival; they do not overlap. */
  readonly parts: readonly ClusterPart[];
}

export interface ClusterPart {
  /** Numbers of its first and of its last message. */
  readonly first: number;
  readonly last: number;
  /** As a segment, with places in the part from 0 on in place of numbers, and at its end which numbers these are (cluster-numbers.ts). */
  readonly copies: SegmentRef;
}

/** What is kept of each message in frames of its own: whoever wants one thing does not read and unpack the others. */
export type Column = 'records' | AnswerColumn;
/** Answers of FETCH as they are sent, see shared/imap/stored-answers.ts. They follow from the records, and can be made again. */
export type AnswerColumn = (typeof answerColumns)[number];
export const answerColumns = ['fields', 'structures'] as const;

/** One object: frames of header records, of header fields and of structures, then the email ids (email-id-codec.ts). */
export interface SegmentRef {
  readonly key: BlobKey;
  /** Number of its first message. */
  readonly first: number;
  readonly count: number;
  /** How many of them were there when it was written; the others' places are empty. */
  readonly live: number;
  /** Where the column of email ids begins: the end of the frames. */
  readonly ids: number;
  /** Size of the object. */
  readonly bytes: number;
  readonly records: FrameColumn;
  /** Missing in small segments, and in those of the first releases. */
  readonly answers: SegmentAnswers | undefined;
}

export interface SegmentAnswers extends Readonly<Record<AnswerColumn, FrameColumn>> {
  /** See `answersVersion`: those of another one are not used, and made again when the segment is rewritten. */
  readonly version: number;
}

/** Frames that lie one after the other. */
export interface FrameColumn {
  readonly frames: readonly FrameRef[];
  /** Where the last one ends. */
  readonly end: number;
}

/** A frame is read and unpacked as a whole. */
export interface FrameRef {
  /** Number of its first message. */
  readonly first: number;
  /** Byte offset in the object. */
  readonly offset: number;
}

/** The frames of a column; undefined where the segment has none that this release can use. */
export function columnOf(segment: SegmentRef, column: Column): FrameColumn | undefined {
  if (column === 'records') return segment.records;
  return segment.answers?.version === answersVersion ? segment.answers[column] : undefined;
}

/** Where a frame ends. */
export const frameEnd = ({ frames, end }: FrameColumn, frame: number): number =>
  frames[frame + 1]?.offset ?? end;
