import { decodeWords } from './encoded-words.ts';

/** RFC 5256 §2.1. */
export interface BaseSubject {
  /** As written, apart from what the extraction removed; compare it folded. */
  readonly text: string;
  /** A "re:", "fw:", "fwd:", "(fwd)" or "[fwd: …]" was removed. */
  readonly isReply: boolean;
}

const blob = /\[[^[\]]*\][ \t]*/y;
const replyMark = /(?:re|fwd?)[ \t]*(?:\[[^[\]]*\][ \t]*)?:/iy;
const forwardTrailer = '(fwd)';

function matchAt(pattern: RegExp, text: string, at: number, end: number): number {
  pattern.lastIndex = at;
  const found = pattern.exec(text);
  return found !== null && pattern.lastIndex <= end ? pattern.lastIndex : at;
}

/** Extracts the base subject of a Subject field's value, encoded words and all, in the steps of RFC 5256 §2.1. */
export function baseSubject(value: string): BaseSubject {
  // (1) to text, white space to single spaces
  const text = decodeWords(value).replace(/[ \t\r\n]+/g, ' ');
  let start = 0;
  let end = text.length;
  let isReply = false;
  for (;;) {
    // (2) trailers
    for (;;) {
      if (end > start && text[end - 1] === ' ') end--;
      else if (end - start >= 5 && text.slice(end - 5, end).toLowerCase() === forwardTrailer) {
        end -= 5;
        isReply = true;
      } else break;
    }
    // (3) to (5) leaders and blobs
    for (;;) {
      if (start < end && text[start] === ' ') {
        start++;
        continue;
      }
      let lastBlob = start;
      let at = start;
      for (let next = matchAt(blob, text, at, end); next > at; next = matchAt(blob, text, at, end)) {
        lastBlob = at;
        at = next;
      }
      const marked = matchAt(replyMark, text, at, end);
      if (marked > at) {
        start = marked;
        isReply = true;
        continue;
      }
      // A blob goes only where something remains
      start = at < end ? at : lastBlob;
      break;
    }
    // (6) "[fwd: …]" around all of it
    if (end - start < 6 || text[end - 1] !== ']' || text.slice(start, start + 5).toLowerCase() !== '[fwd:')
      break;
    start += 5;
    end--;
    isReply = true;
  }
  return { text: text.slice(start, Math.max(start, end)), isReply };
}
