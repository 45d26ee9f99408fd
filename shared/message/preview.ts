import { decodeCharset } from './charset.ts';
import { htmlToText } from './html-text.ts';
import { leavesOf, type PartRange, parameterOf } from './part.ts';
import type { Part } from './structure.ts';
import { transferDecoder } from './transfer-encoding.ts';
import { completeLength } from './utf8.ts';

/** RFC 8970 §3.1: a preview has at most 200 characters. */
const maxPreview = 200;
/** Bytes of a body that are looked at: a preview is worth no more. */
const maxSource = 16 << 10;

/** The part that a preview is made from, and the bytes of it that are needed; undefined where there is no text. */
export interface PreviewSource {
  readonly part: Part;
  readonly range: PartRange;
}

/** The first text that is no attachment; of an alternative plain text rather than HTML, since the text is there for this. */
export function previewSource(root: Part): PreviewSource | undefined {
  let html: Part | undefined;
  for (const leaf of leavesOf(root)) {
    if (leaf.type !== 'text' || leaf.disposition?.type === 'attachment' || leaf.bodyEnd === leaf.bodyStart)
      continue;
    if (leaf.subtype === 'html') html ??= leaf;
    else if (leaf.subtype === 'plain') return sourceOf(leaf);
    if (html !== undefined && leaf !== html) break;
  }
  return html && sourceOf(html);
}

const sourceOf = (part: Part): PreviewSource => ({
  part,
  range: { start: part.bodyStart, end: Math.min(part.bodyEnd, part.bodyStart + maxSource) },
});

/** Characters that senders use to push other text out of the preview, and that show nothing. */
const invisible =
  /\u034f|[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;
/** Joiners matter within a word, elsewhere they are filling. Looked for from the beginning of a run alone: from each of its places it would be once more. */
const looseJoiner = /(?<=\s)[\u200c\u200d]+|(?<![\u200c\u200d])[\u200c\u200d]+(?=\s)/g;

/** PREVIEW (RFC 8970): one line of text, quoted lines left out unless there are no others. `bytes` are those of the source's range. */
export const previewText = (part: Part, bytes: Uint8Array): string => cut(lineOf(part, bytes, 'all'));

/** Bytes of the source that are tried in turn: mostly the first ones have all that is shown. */
const tried = [1024, 4096, maxSource];
/** Characters at the end of a piece that the next one may make others of: half a tag, a reference, an encoded octet. */
const unsure = 64;

/**
 * The preview of a message of which the first bytes are at hand: '' where it has no text, undefined where they do not reach far enough to
 * tell.
 */
export function previewOf(root: Part, beginning: Uint8Array): string | undefined {
  const source = previewSource(root);
  if (source === undefined) return '';
  const { part, range } = source;
  for (const reach of tried) {
    const end = Math.min(range.end, range.start + reach);
    if (end > beginning.length) return undefined;
    const bytes = beginning.subarray(range.start, end);
    if (end === range.end) return previewText(part, bytes);
    const line = lineOf(part, bytes, 'beginning');
    if (line.length >= maxPreview + unsure) return cut(line);
  }
  return undefined;
}

/** What is quoted is shown only where it is known that there is nothing else. */
function lineOf(part: Part, bytes: Uint8Array, extent: 'all' | 'beginning'): string {
  const decoder = transferDecoder(part.encoding);
  if (!decoder.ok) return '';
  const decoded = Buffer.concat([decoder.value.push(bytes), decoder.value.end()]);
  // Where the range ends within a UTF-8 character, that one is left out
  const isCut = bytes.length < part.bodyEnd - part.bodyStart;
  const whole = isCut ? decoded.subarray(0, completeLength(decoded)) : decoded;
  const text = decodeCharset(parameterOf(part, 'charset') ?? '', whole);
  if (part.subtype === 'html') return oneLine(htmlToText(text));
  const own = oneLine(text.replace(/^>.*$/gm, ''));
  return own === '' && extent === 'all' ? oneLine(text) : own;
}

function oneLine(text: string): string {
  // Most text is ASCII, which has none of these.
  const shown = /[^\0-\x7f]/.test(text) ? text.replace(invisible, '').replace(looseJoiner, '') : text;
  return shown.replace(/[\s\0-\x1f\x7f]+/g, ' ').trim();
}

function cut(line: string): string {
  if (line.length <= maxPreview) return line;
  const shown = line.slice(0, maxPreview);
  return (/[\ud800-\udbff]$/.test(shown) ? shown.slice(0, -1) : shown).trimEnd();
}
