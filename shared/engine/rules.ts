/**
 * The meaning of entries (apply.ts) is a wire format: a change of it is a new number, and the old function stays. There are two numbers, since
 * nodes of two releases serve an account side by side, and a release may be taken back: one understands a version before the next one writes it.
 */

/** The newest rules that this release understands. What was written by newer ones is refused (`NewerRules`). */
export const rulesUnderstood = 1;

/** The rules by which this release writes; never newer than what the release before it understood. */
export const rulesWritten = 1;
