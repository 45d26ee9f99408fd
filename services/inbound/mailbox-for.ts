import type { AccountState } from '../../shared/engine/state.ts';

/**
 * The mailbox that an address's detail names, whatever its case (addresses have none). Not Sent and Drafts: what is in them is the
 * owner's own word.
 */
export function mailboxFor(state: AccountState, detail: string | undefined): string {
  if (detail === undefined) return 'INBOX';
  for (const { name, specialUse } of state.mailboxes)
    if (name.toLowerCase() === detail.toLowerCase())
      return specialUse === '\\Sent' || specialUse === '\\Drafts' ? 'INBOX' : name;
  return 'INBOX';
}
