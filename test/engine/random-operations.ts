import fc from 'fast-check';
import { applyOperations, initialState } from '../../shared/engine/apply.ts';
import { type Entry, encodeEntry } from '../../shared/engine/entry.ts';
import type { Operation } from '../../shared/engine/operation.ts';
import { encodeOperations } from '../../shared/engine/operation-codec.ts';
import { encodeIndex, encodeManifest } from '../../shared/engine/snapshot.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { BlobKey, EmailId, LogPosition, MailboxId } from '../../shared/ids.ts';

/** UID sets with holes and runs, small enough that operations meet. */
export const uidSets: fc.Arbitrary<UidSet> = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 12 })), { maxLength: 6 })
  .map((pairs) => UidSet.ofRanges(pairs.map(([first, length]) => [first, first + length] as const)));

const mailboxIds = fc.integer({ min: 1, max: 6 }).map((id) => id as MailboxId);
const names = fc.constantFrom('INBOX', 'a', 'b', 'a/b', 'a/b/c', 'b/c', 'Été', 'a/x');
const flagLists = fc.subarray([
  '\\Seen',
  '\\Deleted',
  '\\Flagged',
  '\\Answered',
  '$Forwarded',
  'work',
  'Work',
  'later',
]);

const appends: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constant('append' as const),
  mailbox: mailboxIds,
  deliveryId: fc.option(fc.constantFrom('d1', 'd2', 'd3', 'd4'), { nil: undefined, freq: 3 }),
  message: fc.record(
    {
      emailId: fc.stringMatching(/^[0-9a-z]{26}$/).map((id) => id as EmailId),
      size: fc.integer({ min: 0, max: 1_000_000 }),
      internalDate: fc.integer({ min: 0, max: 0xffffffff }),
      flags: flagLists,
      record: fc.uint8Array({ maxLength: 20 }),
    },
    { noNullPrototype: true },
  ),
});

/** Any operation, sensible or not: `apply` is total. */
export const operations: fc.Arbitrary<Operation> = fc
  .oneof(
    { weight: 6, arbitrary: appends },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('create' as const),
        name: names,
        specialUse: fc.constant(undefined),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), mailbox: mailboxIds }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('rename' as const), from: names, to: names }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('subscribe' as const),
        name: names,
        subscribed: fc.boolean(),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('flags' as const),
        mailbox: mailboxIds,
        uids: uidSets,
        mode: fc.constantFrom('add' as const, 'remove' as const, 'replace' as const),
        flags: flagLists,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('expunge' as const), mailbox: mailboxIds, uids: uidSets }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('copy' as const, 'move' as const),
        mailbox: mailboxIds,
        uids: uidSets,
        to: mailboxIds,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('hideFromPop3' as const),
        mailbox: mailboxIds,
        uids: uidSets,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('recent' as const),
        mailbox: mailboxIds,
        uid: fc.integer({ min: 1, max: 40 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('limits' as const),
        bytes: fc.option(fc.nat(), { nil: undefined }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('metadata' as const),
        key: fc.constantFrom('/a', '/b'),
        value: fc.constantFrom('', 'x'),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('purge' as const),
        expungedBefore: fc.integer({ min: 0, max: 1_500 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('restore' as const),
        mailbox: mailboxIds,
        expungedSince: fc.integer({ min: 0, max: 1_500 }),
      }),
    },
  )
  .map((operation) => ({ ...operation }));

/** A log of entries from the first: INBOX is made, then anything happens. */
export const logs: fc.Arbitrary<readonly Entry[]> = fc
  .array(
    fc.tuple(fc.array(operations, { minLength: 1, maxLength: 5 }), fc.integer({ min: -5_000, max: 60_000 })),
    {
      maxLength: 30,
    },
  )
  .map((groups) => {
    let time = 1_000_000;
    const first: Operation[] = [{ kind: 'create', name: 'INBOX', specialUse: undefined }];
    return [[first, 0] as const, ...groups].map(([list, elapsed], i): Entry => {
      time = Math.max(time, time + elapsed);
      return {
        position: (i + 1) as LogPosition,
        rules: 1,
        writer: '00112233aabbccdd',
        time,
        usage: { bytes: 0, messages: 0 },
        limit: undefined,
        operations: list,
      };
    });
  });

export function replay(entries: readonly Entry[], from: AccountState = initialState): AccountState {
  return entries.reduce((state, entry) => applyOperations(state, entry, entry.operations).state, from);
}

/** Everything a state says, as text to compare: the stored forms leave nothing out. */
export function digest(state: AccountState): string {
  const manifest = encodeManifest({
    state,
    index: 'i' as BlobKey,
    messages: { count: 0, segments: [] },
    pastHeads: [],
    replaced: [],
  });
  return `${Buffer.from(manifest).toString('base64')} ${Buffer.from(encodeIndex(state)).toString('base64')}`;
}

export const storedEntry = (entry: Entry): Uint8Array =>
  encodeEntry({ ...entry, body: { kind: 'inline', bytes: encodeOperations(entry.operations) } });
