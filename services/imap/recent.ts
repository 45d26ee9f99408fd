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
