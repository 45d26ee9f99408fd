import type { AccountId } from '../ids.ts';
import type { AccountRecord, Address, Directory } from '../ports/directory.ts';
import { err, ok, type Result } from '../result.ts';
import { catchAll, type MailAddress, parseAddress } from './address.ts';

/** An account that a message to some address goes to. */
export interface Recipient {
  readonly account: AccountRecord;
  /** RFC 5233 detail, so that the message can be filed: the alias's own where it has one, else the sender's. */
  readonly detail: string | undefined;
}

export type RecipientFailure =
  | { readonly kind: 'badAddress' }
  /** Not a domain of ours. */
  | { readonly kind: 'unknownDomain' }
  /** Also an alias of which nothing is left. */
  | { readonly kind: 'unknownUser' }
  /** All accounts that it leads to are suspended. */
  | { readonly kind: 'suspended' }
  /** It leads to more than 100 accounts, or through more than 1,000 aliases. */
  | { readonly kind: 'tooManyRecipients' };

export type RecipientDirectory = Pick<Directory, 'accountByAddress' | 'alias' | 'domain'>;

export const maxRecipients = 100;
const maxLookups = 1000;

type Found =
  | { readonly kind: 'account'; readonly account: AccountRecord }
  | { readonly kind: 'alias'; readonly targets: readonly Address[] };

async function lookUp(directory: RecipientDirectory, address: Address): Promise<Found | undefined> {
  const account = await directory.accountByAddress(address);
  if (account) return { kind: 'account', account };
  const alias = await directory.alias(address);
  return alias && { kind: 'alias', targets: alias.targets };
}

interface Step {
  readonly to: MailAddress;
  readonly detail: string | undefined;
  /** Whose forwarding led here. */
  readonly from: Recipient | undefined;
}

/** The exact address before the one without its detail, and both before the domain's catch-all. */
async function find(directory: RecipientDirectory, to: MailAddress): Promise<Found | undefined> {
  return (
    (await lookUp(directory, to.address)) ??
    (to.base === to.address ? undefined : await lookUp(directory, to.base)) ??
    (await lookUp(directory, catchAll(to.domain)))
  );
}

/**
 * The accounts that mail to an address is for, each once. Aliases are followed to their ends; one that leads back to itself adds nothing, and
 * targets that are gone or suspended are passed over while others remain. Asks for one record where the address is an account's.
 *
 * An account's own forwarding is followed as well, unless only `aliases` are: then it is asked whose the address is, not where its
 * mail goes. What is forwarded and leads nowhere, by now, stays with the account that forwards it.
 */
export async function resolveRecipient(
  directory: RecipientDirectory,
  text: string,
  followed: 'forwarding' | 'aliases' = 'forwarding',
): Promise<Result<readonly Recipient[], RecipientFailure>> {
  const asked = parseAddress(text);
  if (!asked.ok) return err({ kind: 'badAddress' });
  const recipients = new Map<AccountId, Recipient>();
  const seen = new Set<Address>();
  let suspended = false;
  let aliases = false;
  /** Those whose mail goes elsewhere without a copy. */
  const passedOn: Recipient[] = [];
  const queue: Step[] = [{ to: asked.value, detail: asked.value.detail, from: undefined }];
  const add = (recipient: Recipient) => {
    if (!recipients.has(recipient.account.id)) recipients.set(recipient.account.id, recipient);
  };
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { to, detail, from } = next;
    if (seen.has(to.address)) continue;
    seen.add(to.address);
    const found = await find(directory, to);
    if (found?.kind === 'account') {
      const { account } = found;
      const forwarding = followed === 'forwarding' ? account.forwarding : undefined;
      // Of an account whose own address has a plus, that part is its name and no detail.
      const filed = account.address === to.address && to.detail !== undefined ? undefined : detail;
      const recipient = { account, detail: filed };
      if (account.status === 'suspended') {
        suspended = true;
        if (from) add(from);
      } else if (forwarding === undefined || forwarding.keep) add(recipient);
      else passedOn.push(recipient);
      if (account.status !== 'suspended')
        for (const target of forwarding?.targets ?? []) {
          const parsed = parseAddress(target);
          if (parsed.ok) queue.push({ to: parsed.value, detail: parsed.value.detail, from: recipient });
        }
    } else if (found) {
      aliases = true;
      for (const target of found.targets) {
        const parsed = parseAddress(target);
        if (parsed.ok) queue.push({ to: parsed.value, detail: parsed.value.detail ?? detail, from });
      }
    } else if (from) add(from);
    if (recipients.size > maxRecipients || seen.size + queue.length > maxLookups)
      return err({ kind: 'tooManyRecipients' });
  }
  if (recipients.size === 0) for (const recipient of passedOn) add(recipient);
  if (recipients.size > 0) return ok([...recipients.values()]);
  if (suspended) return err({ kind: 'suspended' });
  const ours = aliases || (await directory.domain(asked.value.domain)) !== undefined;
  return err({ kind: ours ? 'unknownUser' : 'unknownDomain' });
}
