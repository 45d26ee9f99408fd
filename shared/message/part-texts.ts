import { decodeWords } from './encoded-words.ts';
import { foldHeaderText } from './fold.ts';
import type { Part } from './structure.ts';

/**
 * What the headers of the parts within a message say in words, decoded and folded: descriptions, and parameters, file names among them, with NUL
 * between one and the next. They lie in the body (RFC 9051 §6.4.4), but the message's record has them. Undefined where there is nothing.
 */
export function partTexts(root: Part): string | undefined {
  const texts: string[] = [];
  for (const { description, parameters, disposition } of partsWithin(root)) {
    if (description !== undefined) texts.push(decodeWords(description));
    // RFC 2231 is decoded already; many mailers write encoded words, which RFC 2047 §5 forbids here.
    for (const [, value] of parameters) texts.push(decodeWords(value));
    for (const [, value] of disposition?.parameters ?? []) texts.push(decodeWords(value));
  }
  return texts.length === 0 ? undefined : foldHeaderText(texts.join('\0'));
}

/** All parts but the first, whose header is the message's own. */
function* partsWithin(part: Part): Generator<Part> {
  const within = part.kind === 'multipart' ? part.parts : part.kind === 'message' ? [part.content] : [];
  for (const one of within) {
    yield one;
    yield* partsWithin(one);
  }
}
