import type { MailboxId } from '../ids.ts';
import { err, ok } from '../result.ts';
import { overQuota } from './actions.ts';
import { returningRows } from './apply-departures.ts';
import { ancestors } from './apply-mailboxes.ts';
import type { Decide } from './decision.ts';
import { maxMailboxes } from './mailbox-name.ts';
import type { AccountState } from './state.ts';

export interface RestoreRequest {
  /** What was expunged or deleted at or after this time, seconds since 1970; 0 for all that is still there. */
  readonly since: number;
  /** Only of mailboxes that have or had this name. */
  readonly mailbox?: string | undefined;
  /** 'ignored' brings mail back beyond the account's limit. */
  readonly quota: 'respected' | 'ignored';
}

/** What one mailbox gets back, or would. */
export interface Restorable {
  readonly mailbox: MailboxId;
  readonly name: string;
  /** 'deleted': the mailbox itself is gone, and comes back with its messages. */
  readonly source: 'expunged' | 'deleted';
  readonly messages: number;
  readonly bytes: number;
}

/** What a restore would bring back, in the order in which it does: deleted mailboxes first, oldest first. */
export function restorable(
  state: AccountState,
  { since, mailbox: wanted }: Pick<RestoreRequest, 'since' | 'mailbox'>,
): Restorable[] {
  const found: Restorable[] = [];
  const measure = (rows: readonly { readonly size: number }[]) => ({
    messages: rows.length,
    bytes: rows.reduce((sum, row) => sum + row.size, 0),
  });
  for (const { mailbox, time } of state.removedMailboxes) {
    if (time < since || (wanted !== undefined && mailbox.name !== wanted)) continue;
    const rows = returningRows(mailbox, since, time);
    found.push({ mailbox: mailbox.id, name: mailbox.name, source: 'deleted', ...measure(rows) });
  }
  for (const mailbox of state.mailboxes) {
    if (wanted !== undefined && mailbox.name !== wanted) continue;
    const rows = returningRows(mailbox, since);
    if (rows.length === 0) continue;
    found.push({ mailbox: mailbox.id, name: mailbox.name, source: 'expunged', ...measure(rows) });
  }
  return found;
}

/** Brings back what the retention period still holds: all of it, or nothing where the limit or the mailbox is in the way. */
export const restoreMessages =
  (request: RestoreRequest): Decide<readonly Restorable[]> =>
  (state) => {
    const found = restorable(state, request);
    if (found.length === 0) {
      const known = request.mailbox === undefined || state.mailboxes.named(request.mailbox) !== undefined;
      if (!known) return err({ kind: 'noSuchMailbox', creatable: false });
      return ok({ operations: [], answer: () => found });
    }
    const bytes = found.reduce((sum, each) => sum + each.bytes, 0);
    if (request.quota === 'respected' && overQuota(state, bytes)) return err({ kind: 'overQuota' });
    const names = new Set(found.flatMap(({ name }) => [...ancestors(name), name]));
    const made = [...names].filter((name) => state.mailboxes.named(name) === undefined).length;
    if (state.mailboxes.size + made > maxMailboxes)
      return err({ kind: 'limit', reason: `${maxMailboxes} mailboxes` });
    return ok({
      operations: found.map(({ mailbox }) => ({ kind: 'restore', mailbox, expungedSince: request.since })),
      answer: ({ effects }) =>
        found.map((each, i) => {
          const effect = effects[i];
          return effect?.kind === 'restored' ? each : { ...each, messages: 0, bytes: 0 };
        }),
    });
  };
