/**
 * Text in the form in which it is compared and searched: upper case and compatibility-decomposed, after i;unicode-casemap (RFC 5051), so that
 * "STRASSE" finds "Straße", full-width letters find plain ones, and "e" finds "é" but "é" not "e". Pieces of a text may be folded one by one.
 */
export function foldText(text: string): string {
  const upper = text.toUpperCase();
  return /[^\0-\x7f]/.test(upper) ? upper.normalize('NFKD').toUpperCase() : upper;
}
