import type { AccountId } from '../ids.ts';
import type { AccountRecord, Address, Directory } from '../ports/directory.ts';
import { err, ok, type Result } from '../result.ts';
import { catchAll, type MailAddress, parseAddress } from './address.ts';

/** An account that a message to some address goes to. */
export interface Recipient {
  readonly account: Pick<AccountRecord, 'id' | 'address'>;
  /** RFC 5233 detail, so that the message can be filed: the alias's own where it has one, else the sender's. */
  readonly detail: string | undefined;
  /** Addresses in domains of others to which its forwarding sends the message on. */
  readonly outside: readonly Address[];
  /** The message is to be stored in the account; false only where it goes elsewhere alone. */
  readonly copy: boolean;
}

/** One account to which a message leads twice: reports to several senders meet in the outbox. */
export const joinedRecipient = <T extends Pick<Recipient, 'outside' | 'copy'>>(known: T, other: T): T => ({
  ...known,
  outside: [...new Set([...known.outside, ...other.outside])],
  copy: known.copy || other.copy,
});

/**
 * What is followed besides aliases: nothing, accounts' forwarding to addresses here, or that to addresses elsewhere too. With
 * 'aliases' it is asked whose the address is, not where its mail goes.
 */
export type Followed = 'aliases' | 'forwarding' | 'everywhere';

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

/** Of a forwarding's targets: those in domains of others, and those that the directory is asked for. */
async function divide(
  directory: RecipientDirectory,
  targets: readonly Address[],
  followed: Followed,
): Promise<{ readonly outside: readonly Address[]; readonly here: readonly MailAddress[] }> {
  const outside: Address[] = [];
  const here: MailAddress[] = [];
  for (const target of targets) {
    const parsed = parseAddress(target);
    if (!parsed.ok) continue;
    if (followed === 'everywhere' && !(await directory.domain(parsed.value.domain))) outside.push(target);
    else here.push(parsed.value);
  }
  return { outside, here };
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
 * What is forwarded and leads nowhere, by now, stays with the account that forwards it.
 */
export async function resolveRecipient(
  directory: RecipientDirectory,
  text: string,
  followed: Followed = 'forwarding',
): Promise<Result<readonly Recipient[], RecipientFailure>> {
  const asked = parseAddress(text);
  if (!asked.ok) return err({ kind: 'badAddress' });
  const recipients = new Map<AccountId, Recipient>();
  /** Addresses, by whose forwarding they were met: each forwarder learns what becomes of its targets. */
  const seen = new Set<string>();
  /** Whose forwarding led to an account. */
  const forwarders = new Map<AccountId, Set<AccountId>>();
  /** Accounts whose mail somebody gets, by their forwarding. */
  const reaching = new Set<AccountId>();
  const reach = (id: AccountId): void => {
    if (reaching.has(id)) return;
    reaching.add(id);
    for (const forwarder of forwarders.get(id) ?? []) reach(forwarder);
  };
  let suspended = false;
  let aliases = false;
  /** Those whose mail goes elsewhere without a copy. */
  const passedOn: Recipient[] = [];
  const queue: Step[] = [{ to: asked.value, detail: asked.value.detail, from: undefined }];
  const add = (recipient: Recipient) => {
    const known = recipients.get(recipient.account.id);
    if (known === undefined || (recipient.copy && !known.copy))
      recipients.set(recipient.account.id, { ...recipient, detail: known?.detail ?? recipient.detail });
  };
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { to, detail, from } = next;
    const met = `${from?.account.id ?? ''} ${to.address}`;
    if (seen.has(met)) continue;
    seen.add(met);
    const found = await find(directory, to);
    if (found?.kind === 'account') {
      const { account } = found;
      if (from !== undefined)
        forwarders.set(account.id, (forwarders.get(account.id) ?? new Set()).add(from.account.id));
      const active = account.status === 'active';
      const forwarding = active && followed !== 'aliases' ? account.forwarding : undefined;
      const { outside, here } = await divide(directory, forwarding?.targets ?? [], followed);
      // Of an account whose own address has a plus, that part is its name and no detail.
      const filed = account.address === to.address && to.detail !== undefined ? undefined : detail;
      const copy = forwarding?.keep ?? true;
      const recipient = { account, detail: filed, outside, copy };
      if (!active) {
        suspended = true;
        if (from) add({ ...from, copy: true });
      } else if (copy || outside.length > 0) add(recipient);
      else passedOn.push(recipient);
      for (const to of here) queue.push({ to, detail: to.detail, from: recipient });
    } else if (found) {
      aliases = true;
      for (const target of found.targets) {
        const parsed = parseAddress(target);
        if (parsed.ok) queue.push({ to: parsed.value, detail: parsed.value.detail ?? detail, from });
      }
    } else if (from) add({ ...from, copy: true });
    if (recipients.size > maxRecipients || seen.size + queue.length > maxLookups)
      return err({ kind: 'tooManyRecipients' });
  }
  for (const id of recipients.keys()) reach(id);
  // Such as in a circle.
  for (const recipient of passedOn)
    if (!reaching.has(recipient.account.id)) add({ ...recipient, copy: true });
  if (recipients.size > 0) return ok([...recipients.values()]);
  if (suspended) return err({ kind: 'suspended' });
  const ours = aliases || (await directory.domain(asked.value.domain)) !== undefined;
  return err({ kind: ours ? 'unknownUser' : 'unknownDomain' });
}
