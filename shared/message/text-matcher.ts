/**
 * Finds one string in a text that comes in pieces, in linear time and in memory of the needle's size (Knuth, Morris and Pratt). Text and
 * needle must both be folded, or neither. The empty needle is found in everything.
 */
export class TextMatcher {
  readonly #needle: string;
  /** For each prefix of the needle, the length of its longest proper prefix that is also its suffix. */
  readonly #borders: Uint32Array;
  #matched = 0;
  #found: boolean;

  constructor(needle: string) {
    this.#needle = needle;
    this.#found = needle === '';
    this.#borders = new Uint32Array(needle.length + 1);
    for (let i = 1, border = 0; i < needle.length; i++) {
      while (border > 0 && needle.charCodeAt(i) !== needle.charCodeAt(border))
        border = this.#borders[border]!;
      if (needle.charCodeAt(i) === needle.charCodeAt(border)) border++;
      this.#borders[i + 1] = border;
    }
  }

  get found(): boolean {
    return this.#found;
  }

  /** True once the needle has been seen. */
  push(text: string): boolean {
    const needle = this.#needle;
    let matched = this.#matched;
    for (let at = 0; at < text.length && !this.#found; at++) {
      if (matched === 0) {
        at = text.indexOf(needle[0]!, at);
        if (at < 0) break;
        matched = 1;
      } else {
        const code = text.charCodeAt(at);
        while (matched > 0 && needle.charCodeAt(matched) !== code) matched = this.#borders[matched]!;
        if (needle.charCodeAt(matched) === code) matched++;
      }
      this.#found = matched === needle.length;
    }
    this.#matched = matched;
    return this.#found;
  }
}
