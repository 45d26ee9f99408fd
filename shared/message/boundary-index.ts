/** A boundary delimiter line (RFC 2046 §5.1.1) found in a body. */
export interface BoundaryMatch {
  /** What was given to `open`. */
  readonly level: number;
  readonly closing: boolean;
}

interface Node {
  readonly next: Map<number, Node>;
  /** How many open boundaries pass through or end here. */
  uses: number;
  /** Levels whose boundary ends here, the innermost last. */
  readonly levels: number[];
}

const newNode = (): Node => ({ next: new Map(), uses: 0, levels: [] });
const dash = 0x2d;

/** Boundaries beyond this are no boundaries (RFC 2046 allows 70). */
export const maxBoundary = 512;

/**
 * The boundaries of the multiparts that are open, as a trie: a line is compared with all of them in one walk, so that deep nesting costs
 * no more a byte than one level.
 */
export class BoundaryIndex {
  #root = newNode();
  #open: { readonly boundary: Uint8Array; readonly level: number }[] = [];

  get empty(): boolean {
    return this.#open.length === 0;
  }

  /** `boundary` without its leading dashes, 1 to `maxBoundary` bytes; levels only grow. */
  open(boundary: Uint8Array, level: number): void {
    let node = this.#root;
    for (const byte of boundary) {
      let next = node.next.get(byte);
      if (next === undefined) node.next.set(byte, (next = newNode()));
      next.uses++;
      node = next;
    }
    node.levels.push(level);
    this.#open.push({ boundary, level });
  }

  /** Forgets the boundaries of `level` and all deeper ones. */
  closeFrom(level: number): void {
    while (this.#open.length > 0 && this.#open.at(-1)!.level >= level) {
      const { boundary } = this.#open.pop()!;
      let node = this.#root;
      for (const byte of boundary) {
        const next = node.next.get(byte)!;
        if (--next.uses === 0) {
          node.next.delete(byte);
          node = next;
          break;
        }
        node = next;
      }
      if (node.uses > 0) node.levels.pop();
    }
  }

  /**
   * The delimiter that the line starting at `start` is, if any. The boundary need not be the whole line (RFC 2046 §5.1.1); of several
   * that fit the longest counts, of equal ones the innermost.
   */
  match(bytes: Uint8Array, start: number, end: number): BoundaryMatch | undefined {
    if (end - start < 3 || bytes[start] !== dash || bytes[start + 1] !== dash) return undefined;
    let node: Node | undefined = this.#root;
    let level = -1;
    let after = 0;
    for (let at = start + 2; at < end; at++) {
      node = node.next.get(bytes[at]!);
      if (node === undefined) break;
      if (node.levels.length > 0) {
        level = node.levels.at(-1)!;
        after = at + 1;
      }
    }
    if (level < 0) return undefined;
    return { level, closing: after + 1 < end && bytes[after] === dash && bytes[after + 1] === dash };
  }
}
