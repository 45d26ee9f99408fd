import { canBeKeyword } from '../../../shared/imap/flags.ts';

/** The exact bytes, at once or as often as they are asked for; or why they cannot be had. */
export type Content =
  | { readonly bytes: Uint8Array }
  | { readonly read: () => AsyncIterable<Uint8Array> }
  | { readonly failure: string };

/** A message as an import finds it. */
export interface SourceMessage {
  /** Where it is, relative to the source, for the report: a file, or a file and an offset. */
  readonly place: string;
  /** The mailbox that it belongs to. */
  readonly mailbox: string;
  readonly content: Content;
  readonly flags: readonly string[];
  /** Seconds since 1970; undefined where nothing tells. */
  readonly internalDate: number | undefined;
}

/** Something that holds messages: a file or folder of a known format. */
export interface Source {
  /** Every mailbox in it, empty ones included. */
  readonly mailboxes: readonly string[];
  /** What progress is counted in, in all: bytes or files. */
  readonly total: number;
  /** What has been read so far, in the same unit. */
  readonly done: () => number;
  /** In the order in which they are to be numbered. */
  readonly messages: AsyncIterable<SourceMessage>;
}

/** INTERNALDATE as the engine holds it: seconds that fit 32 bits; undefined for what no clock has shown. */
export function internalDateOf(ms: number): number | undefined {
  const seconds = Math.floor(ms / 1000);
  return Number.isFinite(seconds) && seconds >= 0 && seconds <= 0xffff_ffff ? seconds : undefined;
}

/** Longest keyword that is taken, in characters: an account has all of its keywords in memory. */
const longestKeyword = 200;

/** Whether a word that a file gives as a keyword can be one. */
export const isKeywordToTake = (word: string): boolean => word.length <= longestKeyword && canBeKeyword(word);
