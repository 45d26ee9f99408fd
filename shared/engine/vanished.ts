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
  // The snapshot that it was read from may have forgotten what the one behind this version still knew.
  const history = { ...newest.history, departures: SharedVector.of(known) };
  return vanishedSince(mailbox.with({ history }), since);
}
