import { clockTolerance } from '../../../shared/engine/commit.ts';
import type { Manifest } from '../../../shared/engine/snapshot.ts';
import type { Snapshot } from '../../../shared/engine/snapshot-loader.ts';
import { type AccountState, modSeqAt } from '../../../shared/engine/state.ts';
import type { LogPosition } from '../../../shared/ids.ts';

/** More than an epoch has entries. */
const modSeqStep = 1_000_000_000;
/** Where no earlier base could be read: more entries than an account has in a second. */
const modSeqsPerSecond = 100_000;

export interface Epoch {
  /** Beyond every position that was ever used. */
  readonly position: LogPosition;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly lastUsed: number;
  /** Above all that were given out, by this account and others at its address, as far as that is known without the log. */
  readonly uidValidityFloor: number;
}

/**
 * The same account in a new epoch: every mailbox has a UIDVALIDITY that is higher than any before, and mod-sequences go on from a higher
 * base (RFC 9051 §2.3.1.1, RFC 7162 §3.1). What a client remembers of the epoch before it, it finds to be void.
 */
export function inNewEpoch(before: Snapshot, { position, now, lastUsed, uidValidityFloor }: Epoch): Manifest {
  const { state, messages } = before;
  const modSeqBase = Math.max(state.modSeqBase + modSeqStep, Math.floor(now / 1000) * modSeqsPerSecond);
  const epoch: AccountState = {
    ...state,
    position,
    modSeqBase,
    time: state.time > now + clockTolerance ? now : Math.max(state.time, now),
  };
  const highestModSeq = modSeqAt(epoch, position);
  let uidValidity = Math.max(Math.floor(now / 1000), state.lastUidValidity, uidValidityFloor);
  let { mailboxes } = state;
  for (const mailbox of state.mailboxes)
    mailboxes = mailboxes.with(mailbox.with({ uidValidity: ++uidValidity, highestModSeq }));
  const copies = messages.clusters.flatMap(({ parts }) => parts.map((part) => part.copies.key));
  return {
    ...before,
    // Copies are made anew.
    messages: { ...messages, clusters: [] },
    state: { ...epoch, mailboxes, lastUidValidity: uidValidity },
    pastHeads: [...before.pastHeads, { position: lastUsed as LogPosition, replacedAt: now }],
    replaced: [...before.replaced, ...[before.manifest, ...copies].map((key) => ({ key, replacedAt: now }))],
  };
}
