import type { Mailbox } from '../../shared/engine/mailbox.ts';
import { lowerBound } from '../../shared/engine/rows.ts';
import type { Selected } from './session-state.ts';

/** How many messages that the client knows are \Recent to this session (RFC 3501 §2.3.2). */
export function recentCount({ view, recentFrom }: Selected): number {
  // Numbers ascend with UIDs: the first recent one is found by halving.
  let low = 1;
  let high = view.exists + 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (view.uidAt(middle)! < recentFrom) low = middle + 1;
    else high = middle;
  }
  return view.exists + 1 - low;
}

/** How many messages of a mailbox have UIDs from `recentFrom` on. */
export function countFrom(mailbox: Mailbox, recentFrom: number): number {
  let count = 0;
  for (let i = mailbox.chunks.length - 1; i >= 0; i--) {
    const chunk = mailbox.chunks[i]!;
    const from = lowerBound(chunk, recentFrom);
    count += chunk.length - from;
    if (from > 0) break;
  }
  return count;
}
