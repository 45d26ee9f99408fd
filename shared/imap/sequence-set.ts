/** '*' in a set: whatever number is the largest in use. */
export const star = Number.POSITIVE_INFINITY;

/** Both ends included, `first <= last`; `last` (or both) may be `star`. "*:5" has become 5:*. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/** RFC 9051 §9 sequence-set: ranges in the order sent, or '$', the result saved by SEARCH RETURN (SAVE). */
export type SequenceSet =
  | { readonly kind: 'ranges'; readonly ranges: readonly NumberRange[] }
  | { readonly kind: 'saved' };
