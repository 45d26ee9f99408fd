import { isKeywordToTake } from './source-message.ts';

/** Flags in Maildir file names (`…:2,FS`) and keywords beside them. */

const letters: readonly (readonly [letter: string, flag: string])[] = [
  ['D', '\\Draft'],
  ['F', '\\Flagged'],
  ['P', '$Forwarded'],
  ['R', '\\Answered'],
  ['S', '\\Seen'],
  ['T', '\\Deleted'],
];
/** Small letters stand for keywords, by their lines in `dovecot-keywords`. */
const keywordLetters = 26;

/** A file's name: what stays when flags change, and what stands after `:2,` (some file systems have `;` or `!` there). */
export function splitFileName(name: string): { readonly base: string; readonly info: string } {
  const [, base = name, info = ''] = /^(.*?)[:;!]2,([^,]*)/.exec(name) ?? [];
  return { base, info };
}

/** `further`: keywords that have no letter. */
export function flagsOfInfo(
  info: string,
  keywords: readonly string[],
  further: readonly string[] = [],
): string[] {
  const flags = new Set<string>();
  const words = [...further];
  for (const letter of info) {
    const flag = letters.find(([own]) => own === letter)?.[1];
    if (flag !== undefined) flags.add(flag);
    else words.push(keywords[letter.charCodeAt(0) - 97] ?? '');
  }
  for (const word of words) if (isKeywordToTake(word)) flags.add(word);
  return [...flags];
}

/** The letters, in ASCII order as the format asks, and the keywords that have none. */
export function infoOf(
  flags: readonly string[],
  keywords: readonly string[],
): { readonly info: string; readonly left: readonly string[] } {
  const info: string[] = letters.flatMap(([letter, flag]) => (flags.includes(flag) ? [letter] : []));
  const left: string[] = [];
  for (const flag of flags) {
    if (flag.startsWith('\\')) continue;
    const index = keywords.indexOf(flag);
    if (index >= 0 && index < keywordLetters) info.push(String.fromCharCode(97 + index));
    else left.push(flag);
  }
  return { info: info.sort().join(''), left };
}

/** `dovecot-keywords`: a number from 0 and a name in each line. */
export function parseKeywords(text: string): string[] {
  const keywords: string[] = [];
  for (const line of text.split('\n')) {
    const [, index, name] = /^(\d{1,2}) (\S{1,200})$/.exec(line) ?? [];
    if (name !== undefined && Number(index) < keywordLetters) keywords[Number(index)] = name;
  }
  return keywords;
}

export const printKeywords = (keywords: readonly string[]): string =>
  keywords
    .slice(0, keywordLetters)
    .map((name, index) => `${index} ${name}\n`)
    .join('');

/** The name that an export gives a message's file, without flags: unique in its mailbox, and the same at every export. */
export const exportedName = (message: {
  readonly internalDate: number;
  readonly uid: number;
  readonly emailId: string;
  readonly size: number;
}): string =>
  `${message.internalDate}.U${String(message.uid).padStart(10, '0')}_${message.emailId}.restante,S=${message.size}`;

export function exportedUid(base: string): number | undefined {
  const [, digits] = /^\d+\.U(\d{10})_[^.]+\.restante/.exec(base) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** `dovecot-uidlist`, version 3: the order of the messages, by the names of their files. */
export function parseUidList(text: string): ReadonlyMap<string, number> {
  const uids = new Map<string, number>();
  if (!text.startsWith('3 ')) return uids;
  for (const line of text.split('\n')) {
    const [, uid, name] = /^(\d{1,10}) (?:[^:]* )?:(.+)$/.exec(line) ?? [];
    if (name !== undefined) uids.set(splitFileName(name).base, Number(uid));
  }
  return uids;
}
