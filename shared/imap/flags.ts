import { characterClass, flagChar } from './characters.ts';

const systemFlags = new Map(
  ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft', '\\Recent'].map((f) => [f.toLowerCase(), f]),
);

const specialUses = new Map(
  ['\\All', '\\Archive', '\\Drafts', '\\Flagged', '\\Important', '\\Junk', '\\Sent', '\\Trash'].map((f) => [
    f.toLowerCase(),
    f,
  ]),
);

/** System flags in the case of RFC 9051 §2.3.2, anything else as sent. */
export const canonicalFlag = (flag: string): string => systemFlags.get(flag.toLowerCase()) ?? flag;

/** Special-use attributes in the case of RFC 6154 §2 and RFC 8457, anything else as sent. */
export const canonicalSpecialUse = (use: string): string => specialUses.get(use.toLowerCase()) ?? use;

/** flag-keyword (RFC 9051 §9), as commands may have it. */
export function canBeKeyword(text: string): boolean {
  for (let i = 0; i < text.length; i++)
    if (((characterClass[text.charCodeAt(i)] ?? 0) & flagChar) === 0) return false;
  return text !== '';
}

/** flag: a keyword, or a system flag's form. Anything else would be something else on the wire. */
export const canBeFlag = (text: string): boolean =>
  canBeKeyword(text.startsWith('\\') ? text.slice(1) : text);
