import type { FlagSet } from '../../shared/engine/flag-table.ts';
import type { Effect } from '../../shared/engine/operation.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import type { ModelAccount, ModelEffect } from './model.ts';

const inOrder = new WeakMap<FlagSet, string>();

/** The flags of a message in the order of the alphabet. */
export function flagsInOrder(set: FlagSet): string {
  let text = inOrder.get(set);
  if (text === undefined) {
    text = set.flags.toSorted().join(' ');
    inOrder.set(set, text);
  }
  return text;
}

/** What differs between the engine's state and the model, in words; undefined where nothing does. */
export function differenceFromModel(
  state: AccountState,
  model: ModelAccount,
  emails: ReadonlyMap<number, string>,
): string | undefined {
  if (state.mailboxes.size !== model.mailboxes.size) return 'the number of mailboxes';
  let bytes = 0;
  let count = 0;
  for (const mailbox of state.mailboxes) {
    const other = model.mailboxes.get(mailbox.id);
    const at = `mailbox ${mailbox.id}`;
    if (other === undefined || other.name !== mailbox.name) return `${at} ${mailbox.name}`;
    if (other.uidValidity !== mailbox.uidValidity) return `UIDVALIDITY of ${at}`;
    if (other.uidNext !== mailbox.uidNext)
      return `UIDNEXT of ${at}: ${mailbox.uidNext}, not ${other.uidNext}`;
    if (other.highestModSeq !== mailbox.highestModSeq) return `HIGHESTMODSEQ of ${at}`;
    if (other.messages.size !== mailbox.exists) return `EXISTS of ${at}`;
    if (other.hidden.size !== mailbox.hiddenFromPop3.size) return `what POP3 hides in ${at}`;
    let unseen = 0;
    let own = 0;
    let last = 0;
    for (const row of rowsOf(mailbox.chunks)) {
      const message = other.messages.get(row.uid);
      if (message === undefined || row.uid <= last) return `${at}: UID ${row.uid}`;
      last = row.uid;
      const flags = flagsInOrder(state.flags.set(row.flags));
      if (flags !== message.inOrder) return `${at}: flags of UID ${row.uid}`;
      if (row.modSeq !== message.modSeq) return `${at}: MODSEQ of UID ${row.uid}`;
      if (row.size !== message.size || emails.get(row.message) !== message.email)
        return `${at}: UID ${row.uid} is another message`;
      if (!flags.includes('\\Seen')) unseen++;
      own += row.size;
      count++;
    }
    if (mailbox.unseen !== unseen || mailbox.bytes !== own) return `counters of ${at}`;
    bytes += own;
  }
  if (state.usage.bytes !== bytes || state.usage.messages !== count) return 'the usage';
  if (state.limits.bytes !== model.limit) return 'the limit';
  if (state.subscriptions.size !== model.subscriptions.size) return 'subscriptions';
  return undefined;
}

/** True where both say the same of an operation. */
export function sameEffect(effect: Effect, other: ModelEffect): boolean {
  const plain = { ...effect } as Record<string, unknown>;
  if (plain.kind !== other.kind) return false;
  const uids = (plain.uids ?? plain.destination ?? plain.changed) as UidSet | undefined;
  const numbers = uids ?? (plain.uid === undefined ? undefined : UidSet.of([plain.uid as number]));
  return (
    (plain.mailbox ?? plain.to) === other.mailbox &&
    plain.uidValidity === other.uidValidity &&
    String(numbers ?? '') === String(other.uids === undefined ? '' : UidSet.of(other.uids)) &&
    String(plain.source ?? '') === String(other.source === undefined ? '' : UidSet.of(other.source))
  );
}

/** Values as text, sets of UIDs among them, to be compared. */
export const inWords = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (v instanceof UidSet ? `{${v}}` : typeof v === 'bigint' ? String(v) : v)) ??
  'nothing';
