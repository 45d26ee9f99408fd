import { type AccountRecord, type Address, type Directory, maxForwards } from '../ports/directory.ts';
import { err, ok, type Result } from '../result.ts';
import { type AddressError, catchAll, type MailAddress, parseAddress } from './address.ts';

export interface ForwardingError {
  readonly kind: 'badForwarding';
  readonly reason: 'tooMany' | 'itself' | 'loop' | 'elsewhere' | 'unknown';
  /** The address that it is about. */
  readonly name: string;
}

type Addresses = Pick<Directory, 'accountByAddress' | 'alias' | 'domain'>;
type Refused =
  | ForwardingError
  | { readonly kind: 'badAddress'; readonly text: string; readonly reason: AddressError };

/** Addresses that are followed to find a loop. */
const maxFollowed = 1000;

/** Where mail to an address goes next; undefined where nobody has it. */
async function nextOf(directory: Addresses, to: MailAddress): Promise<readonly Address[] | undefined> {
  for (const address of new Set([to.address, to.base, catchAll(to.domain)])) {
    const account = await directory.accountByAddress(address);
    if (account) return account.forwarding?.targets ?? [];
    const alias = await directory.alias(address);
    if (alias) return alias.targets;
  }
  return undefined;
}

/**
 * Targets as they are kept, each once: addresses here that somebody has, and none that leads back to the account; in domains of others only
 * where the installation forwards there (`outside`).
 */
export async function checkForwarding(
  directory: Addresses,
  { address: own }: Pick<AccountRecord, 'address'>,
  texts: readonly string[],
  outside: boolean,
): Promise<Result<readonly Address[], Refused>> {
  const refused = (reason: ForwardingError['reason'], name: string) =>
    err({ kind: 'badForwarding', reason, name } as const);
  const targets = new Set<Address>();
  for (const text of texts) {
    const parsed = parseAddress(text);
    if (!parsed.ok) return err({ kind: 'badAddress', text, reason: parsed.error });
    const { address, base, domain } = parsed.value;
    if (address === own || base === own) return refused('itself', own);
    const here = (await directory.domain(domain)) !== undefined;
    if (!here && !outside) return refused('elsewhere', address);
    if (here && (await nextOf(directory, parsed.value)) === undefined) return refused('unknown', address);
    targets.add(address);
    if (targets.size > maxForwards) return refused('tooMany', own);
  }
  const seen = new Set<Address>();
  const queue = [...targets];
  for (let next = queue.shift(); next !== undefined && seen.size < maxFollowed; next = queue.shift()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const parsed = parseAddress(next);
    if (!parsed.ok) continue;
    if (parsed.value.address === own || parsed.value.base === own) return refused('loop', own);
    queue.push(...((await nextOf(directory, parsed.value)) ?? []));
  }
  return ok([...targets]);
}
