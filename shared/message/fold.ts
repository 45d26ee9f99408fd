/**
 * Text in the form in which it is compared and searched: upper case and compatibility-decomposed, after i;unicode-casemap (RFC 5051), so that
 * "STRASSE" finds "Straße", full-width letters find plain ones, and "e" finds "é" but "é" not "e". Pieces of a text may be folded one by one.
 */
export function foldText(text: string): string {
  const upper = text.toUpperCase();
  if (!/[^\0-\x7f]/.test(upper)) return upper;
  return upper.replace(longMarks, '$1').normalize('NFKD').toUpperCase();
}

/**
 * The same of a header's text: where its lines were folded (RFC 5322 §2.2.3) stands what white space the sender chose, a TAB or several
 * spaces, and whoever looks for the words knows only that there is some.
 */
export const foldHeaderText = (text: string): string => foldText(text).replace(/\t[ \t]*| [ \t]+/g, ' ');

/**
 * Marks on one letter, beyond what any script writes: normalising sorts them by inserting each, so that a run takes the square of its length. The
 * two half-width ones become marks by it.
 */
const longMarks = /([\p{M}\uff9e\uff9f]{64})[\p{M}\uff9e\uff9f]+/gu;
