import type { Part } from './structure.ts';

/** Half-open range of bytes of the message, `[start, end)`. */
export interface PartRange {
  readonly start: number;
  readonly end: number;
}

/** What of a part a section names: 'body' where it ends with the number, RFC 9051 §6.4.5. */
export type PartSpecifier = 'body' | 'mime' | 'header' | 'text';

/**
 * The part that a section's numbers name (RFC 9051 §6.4.5), or undefined. A message that is no multipart has one part, number 1, which is
 * its body; the numbers after a message part count within the message inside. The empty path is the message itself: its root.
 */
export function findPart(root: Part, path: readonly number[]): Part | undefined {
  let part: Part | undefined = root;
  for (const [depth, number] of path.entries()) {
    if (depth === 0) part = partOfMessage(root, number);
    else if (part.kind === 'multipart') part = part.parts[number - 1];
    else part = part.kind === 'message' ? partOfMessage(part.content, number) : undefined;
    if (part === undefined) return undefined;
  }
  return part;
}

function partOfMessage(content: Part, number: number): Part | undefined {
  if (content.kind === 'multipart') return content.parts[number - 1];
  return number === 1 ? content : undefined;
}

/**
 * The bytes of BODY[path.specifier]. With an empty path 'body' is the whole message; 'header' and 'text' after numbers exist only for
 * message parts, 'mime' only after numbers. Undefined where there is no such section.
 */
export function sectionRange(
  root: Part,
  path: readonly number[],
  specifier: PartSpecifier,
): PartRange | undefined {
  const part = findPart(root, path);
  if (part === undefined) return undefined;
  if (path.length === 0) return specifier === 'body' ? wholeOf(part) : messageRange(part, specifier);
  if (specifier === 'body') return { start: part.bodyStart, end: part.bodyEnd };
  if (specifier === 'mime') return { start: part.headerStart, end: part.bodyStart };
  return part.kind === 'message' ? messageRange(part.content, specifier) : undefined;
}

const wholeOf = (part: Part): PartRange => ({ start: part.headerStart, end: part.bodyEnd });

function messageRange(content: Part, specifier: PartSpecifier): PartRange | undefined {
  if (specifier === 'header') return { start: content.headerStart, end: content.bodyStart };
  return specifier === 'text' ? { start: content.bodyStart, end: content.bodyEnd } : undefined;
}

/** All leaves in the order of the message, those within message parts included. */
export function* leavesOf(part: Part): Generator<Part & { readonly kind: 'leaf' }> {
  if (part.kind === 'leaf') yield part;
  else if (part.kind === 'message') yield* leavesOf(part.content);
  else for (const child of part.parts) yield* leavesOf(child);
}

/** The value of a parameter (lower-case name) of a part's type. */
export const parameterOf = (part: Pick<Part, 'parameters'>, name: string): string | undefined =>
  part.parameters.find(([known]) => known === name)?.[1];
