/** Maildir has letters for 26 keywords. Further ones stand in a file of our own: `BASE-NAME<TAB>keyword keyword …`. */
export const extraFlagsFile = 'restante-keywords';

export const printExtraFlags = (base: string, keywords: readonly string[]): string =>
  `${base}\t${keywords.join(' ')}\n`;

export function parseExtraFlags(text: string): ReadonlyMap<string, readonly string[]> {
  const extra = new Map<string, readonly string[]>();
  for (const line of text.split('\n')) {
    const [base = '', keywords] = line.split('\t', 2);
    if (keywords !== undefined)
      extra.set(
        base,
        keywords.split(' ').filter((name) => name !== ''),
      );
  }
  return extra;
}
