import { maxNameOctets } from './mailbox-name.ts';

/** Whether a mailbox's decoded name is one that a LIST or LSUB pattern asks for. */
export type ListMatcher = (name: string) => boolean;

/** The pattern that LIST's two arguments mean together (RFC 9051 §6.3.9): the reference put before the pattern. */
export function canonicalPattern(reference: string, pattern: string): string {
  return reference.endsWith('/') && pattern.startsWith('/')
    ? reference + pattern.slice(1)
    : reference + pattern;
}

/**
 * Compiles a pattern: '*' is any text, '%' any text without '/' (RFC 9051 §6.3.9). INBOX, alone or as first level, matches
 * in any case. Takes O(name × pattern / 32) whatever the wildcards: all ways to match are followed at once as bits of a set.
 */
export function compileListPattern(pattern: string): ListMatcher {
  if (pattern === '*') return () => true;
  if (pattern === '%') return (name) => !name.includes('/');
  // Longer than any name is.
  if (pattern.replace(/[*%]/g, '').length > maxNameOctets) return () => false;
  const automaton = new Automaton(pattern);
  return (name) => automaton.accepts(name);
}

/**
 * State i has read the pattern's first i literal characters; wildcards before literal i let state i stay where it is.
 * Bit i of a set stands for state i.
 */
class Automaton {
  readonly #literals: number;
  readonly #words: number;
  /** States that may stay on any character ('*'). */
  readonly #stayAny: Uint32Array;
  /** States that may stay on any character but '/' ('*' and '%'). */
  readonly #stayInLevel: Uint32Array;
  /** For each character, the states that it moves on. */
  readonly #moves = new Map<number, Uint32Array>();
  /** The same without case, for INBOX. */
  readonly #foldedMoves = new Map<number, Uint32Array>();
  readonly #none: Uint32Array;
  #now: Uint32Array;
  #next: Uint32Array;

  constructor(pattern: string) {
    const literals = pattern.replace(/[*%]/g, '').length;
    this.#literals = literals;
    this.#words = (literals >>> 5) + 1;
    const set = () => new Uint32Array(this.#words);
    [this.#stayAny, this.#stayInLevel, this.#none, this.#now, this.#next] = [
      set(),
      set(),
      set(),
      set(),
      set(),
    ];
    const mark = (moves: Map<number, Uint32Array>, code: number, state: number) => {
      let states = moves.get(code);
      if (!states) moves.set(code, (states = set()));
      states[state >>> 5]! |= 1 << (state & 31);
    };
    let state = 0;
    for (let i = 0; i < pattern.length; i++) {
      const character = pattern[i]!;
      if (character === '*' || character === '%') {
        this.#stayInLevel[state >>> 5]! |= 1 << (state & 31);
        if (character === '*') this.#stayAny[state >>> 5]! |= 1 << (state & 31);
      } else {
        const code = pattern.charCodeAt(i);
        mark(this.#moves, code, state);
        mark(this.#foldedMoves, /[a-z]/.test(character) ? code - 32 : code, state);
        state++;
      }
    }
  }

  accepts(name: string): boolean {
    const words = this.#words;
    this.#now.fill(0);
    this.#now[0] = 1;
    const inboxEnd = name === 'INBOX' || name.startsWith('INBOX/') ? 5 : 0;
    for (let at = 0; at < name.length; at++) {
      const code = name.charCodeAt(at);
      const moving = (at < inboxEnd ? this.#foldedMoves : this.#moves).get(code) ?? this.#none;
      const staying = code === 0x2f ? this.#stayAny : this.#stayInLevel;
      const [now, next] = [this.#now, this.#next];
      let carry = 0;
      let alive = 0;
      for (let w = 0; w < words; w++) {
        const moved = now[w]! & moving[w]!;
        alive |= next[w] = (moved << 1) | carry | (now[w]! & staying[w]!);
        carry = moved >>> 31;
      }
      if (alive === 0) return false;
      this.#now = next;
      this.#next = now;
    }
    return ((this.#now[this.#literals >>> 5]! >>> (this.#literals & 31)) & 1) === 1;
  }
}
