import fc from 'fast-check';
import { applyOperations, initialState } from '../../shared/engine/apply.ts';
import { type Entry, encodeEntry } from '../../shared/engine/entry.ts';
import type { Mailbox } from '../../shared/engine/mailbox.ts';
import type { Operation } from '../../shared/engine/operation.ts';
import { encodeOperations } from '../../shared/engine/operation-codec.ts';
import { rowsOf, selectRows } from '../../shared/engine/rows.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { EmailId, LogPosition, MailboxId } from '../../shared/ids.ts';

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

const appends: fc.Arbitrary<Extract<Operation, { kind: 'append' }>> = fc.record({
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
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('uidValidity' as const),
        above: fc.integer({ min: 0, max: 2_000 }),
      }),
    },
  )
  .map((operation) => ({ ...operation }));

const groups = (minLength: number, maxLength: number) =>
  fc.array(
    fc.tuple(fc.array(operations, { minLength: 1, maxLength: 5 }), fc.integer({ min: -5_000, max: 60_000 })),
    { minLength, maxLength, size: 'max' },
  );

function logOf(
  first: readonly Operation[],
  rest: readonly (readonly [readonly Operation[], number])[],
): readonly Entry[] {
  let time = 1_000_000;
  return [[first, 0] as const, ...rest].map(([list, elapsed], i): Entry => {
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
}

const makeInbox: Operation = { kind: 'create', name: 'INBOX', specialUse: undefined };

/** A log of entries from the first: INBOX is made, then anything happens. */
export const logs: fc.Arbitrary<readonly Entry[]> = groups(0, 30).map((rest) => logOf([makeInbox], rest));

/** Logs in which there is something for most operations to meet: mailboxes, and a good many messages in INBOX. */
export const busyLogs: fc.Arbitrary<readonly Entry[]> = fc
  .tuple(fc.array(appends, { minLength: 30, maxLength: 50, size: 'max' }), groups(15, 40))
  .map(([messages, rest]) =>
    logOf(
      [
        makeInbox,
        { kind: 'create', name: 'a', specialUse: undefined },
        { kind: 'create', name: 'b', specialUse: undefined },
        ...messages.map((message) => ({ ...message, deliveryId: undefined, mailbox: 1 as MailboxId })),
      ],
      rest,
    ),
  );

export function replay(entries: readonly Entry[], from: AccountState = initialState): AccountState {
  return entries.reduce((state, entry) => applyOperations(state, entry, entry.operations).state, from);
}

/** Everything a state says, as text to compare; how its rows are held is left out. */
export function digest(state: AccountState): string {
  const { flags } = state;
  const mailbox = ({ rows: _, history: __, hiddenFromPop3, ...fields }: Mailbox, m: Mailbox) => ({
    ...fields,
    hidden: String(hiddenFromPop3),
    rows: [...rowsOf(m.chunks)],
    left: Array.from(m.departures, (d) => [d.modSeq, d.time, String(d.uids), ...selectRows(d.rows, d.uids)]),
  });
  return JSON.stringify({
    ...state,
    mailboxes: Array.from(state.mailboxes, (m) => mailbox(m, m)),
    removedMailboxes: Array.from(state.removedMailboxes, (r) => [r.time, mailbox(r.mailbox, r.mailbox)]),
    subscriptions: [...state.subscriptions],
    metadata: [...state.metadata],
    deliveries: [...state.deliveries.live(Math.floor(state.time / 1000))].sort(),
    flags: Array.from({ length: flags.size }, (_, id) => flags.set(id)),
  });
}

export const storedEntry = (entry: Entry): Uint8Array =>
  encodeEntry({ ...entry, body: { kind: 'inline', bytes: encodeOperations(entry.operations) } });
