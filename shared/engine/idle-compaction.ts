import type { Account } from './account.ts';
import { needsCompaction } from './compactor.ts';

/** An account is idle when nothing was written to it for this long, ms. */
const idleTime = 6 * 3600_000;
/** A tail that is worth folding once nothing more comes: shorter than the one at which a writer asks for it. */
const tailEntries = 16;
const tailBytes = 64 * 1024;
/** It has to be worth this share of the manifest that folding rewrites. */
const manifestShare = 64;

/**
 * Whether an account that rests would open noticeably faster if its tail were folded, or has a tail that was to be folded long ago
 * (the writer that asked for it died).
 */
export function needsIdleCompaction({ state, tail, snapshot }: Account, now: number): boolean {
  if (now - state.time < idleTime) return false;
  if (needsCompaction(tail, snapshot)) return true;
  if (tail.entries < tailEntries && tail.bytes < tailBytes) return false;
  return (tail.bytes + tail.entries * 64) * manifestShare >= (snapshot?.manifestBytes ?? 0);
}
