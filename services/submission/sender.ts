import { parseAddress } from '../../shared/directory/address.ts';
import { type RecipientDirectory, resolveRecipient } from '../../shared/directory/resolve-recipient.ts';
import type { AccountRecord } from '../../shared/ports/directory.ts';

/**
 * Whether an account may send as an address: its own, with any detail (RFC 5233), or one whose mail it gets, alone or with others. The null
 * sender is everybody's: read receipts have it (RFC 8098 §3). Rejects where the directory cannot be asked.
 */
export async function maySendAs(
  directory: RecipientDirectory,
  account: AccountRecord,
  address: string,
): Promise<boolean> {
  if (address === '') return true;
  const parsed = parseAddress(address);
  if (!parsed.ok) return false;
  if (parsed.value.address === account.address) return true;
  // With a detail it is the account's, unless somebody has just that address.
  const resolved = await resolveRecipient(directory, address, 'aliases');
  return resolved.ok && resolved.value.some((recipient) => recipient.account.id === account.id);
}
