import type { Account } from '../../shared/engine/account.ts';
import { isStillIn } from '../../shared/engine/decided.ts';
import type { Reply, Selected } from './session-state.ts';

/** Takes the account's newest version into the session's view, after a change of its own. */
export function takeIn(account: Account, selected: Selected): void {
  const newest = account.state.mailboxes.get(selected.id);
  // Deleted by somebody, or rebuilt: the view keeps what it has, and the session ends when it asks for changes.
  if (newest !== undefined && isStillIn(account.state, selected.view.mailbox)) selected.view.advance(newest);
}

/** What a mailbox selected by EXAMINE answers to changes (RFC 9051 §6.3.3). */
export const readOnly: Reply = { condition: 'NO', text: 'The mailbox is selected read-only' };

/** Somebody else expunged what was named (RFC 9051 §7.1, RFC 2180 §4). */
export const expungeIssued = (text: string, condition: 'OK' | 'NO' = 'NO'): Reply => ({
  condition,
  code: { code: 'EXPUNGEISSUED' },
  text,
});
