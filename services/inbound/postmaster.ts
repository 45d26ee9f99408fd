import {
  type Followed,
  type Recipient,
  type RecipientDirectory,
  type RecipientFailure,
  resolveRecipient,
} from '../../shared/directory/resolve-recipient.ts';
import type { Directory } from '../../shared/ports/directory.ts';
import { err, type Result } from '../../shared/result.ts';

export type PostmasterDirectory = RecipientDirectory & Pick<Directory, 'domains'>;

export interface PostmasterOptions {
  /** This server's name. */
  readonly hostname: string;
  /** Whom the operator named; undefined where nobody. */
  readonly postmaster: string | undefined;
}

/** Of our own domains, in the order of their names: so many are asked for a postmaster. */
const domainsAsked = 10;

/** `<postmaster>` without a domain, in any case: the one mailbox that may be named so (RFC 5321 §4.1.1.3). */
export const isBarePostmaster = (address: string): boolean => address.toLowerCase() === 'postmaster';

/**
 * Who gets mail to `<postmaster>`, which every server must take (RFC 5321 §4.5.1): whom the operator named and nobody else; where nobody is
 * named, the postmaster of this server's name, which is seldom a domain with mail, and then of the first of our domains that has
 * one. Nobody is picked who was not given that address.
 */
export async function resolvePostmaster(
  directory: PostmasterDirectory,
  { hostname, postmaster }: PostmasterOptions,
  followed: Followed,
): Promise<Result<readonly Recipient[], RecipientFailure>> {
  if (postmaster !== undefined) return await resolveRecipient(directory, postmaster, followed);
  // A machine's name need not be one that can stand in an address.
  const first = await resolveRecipient(directory, `postmaster@${hostname}`, followed);
  if (first.ok) return first;
  const { items } = await directory.domains();
  for (const { name } of items.slice(0, domainsAsked)) {
    const resolved = await resolveRecipient(directory, `postmaster@${name}`, followed);
    if (resolved.ok) return resolved;
  }
  return err(items.length > 0 ? { kind: 'unknownUser' } : first.error);
}
