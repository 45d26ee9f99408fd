import type { Account } from './account.ts';
import { type Mailbox, vanishedSince } from './mailbox.ts';
import { anyMailbox } from './mailbox-loader.ts';
import { SharedVector } from './shared-vector.ts';
import { RowsNeeded } from './stored-rows.ts';
import { UidSet } from './uid-set.ts';

/** UIDs that left a version of a mailbox after a mod-sequence (RFC 7162 §3.2.6): reads only as much history as that takes. */
export async function vanishedUids(account: Account, mailbox: Mailbox, since: number): Promise<UidSet> {
  try {
    return vanishedSince(mailbox, since);
  } catch (cause) {
    if (!(cause instanceof RowsNeeded)) throw cause;
  }
  await account.load(mailbox.id, 'history');
  const newest = anyMailbox(account.state, mailbox.id);
  if (newest === undefined) return UidSet.empty;
  const known = Array.from(newest.departures).filter(({ modSeq }) => modSeq <= mailbox.highestModSeq);
  return vanishedSince(mailbox.with({ departures: SharedVector.of(known) }), since);
}
