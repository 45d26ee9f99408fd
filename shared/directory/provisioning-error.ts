import { type DirectoryError, maxAppPasswords, maxForwards } from '../ports/directory.ts';
import { type AddressError, explainAddressError } from './address.ts';
import type { ForwardingError } from './forwarding.ts';

export type ProvisioningError =
  | DirectoryError
  | { readonly kind: 'badAddress'; readonly text: string; readonly reason: AddressError }
  | { readonly kind: 'badPassword'; readonly reason: 'tooShort' | 'unfit' }
  | { readonly kind: 'badTargets'; readonly reason: 'none' | 'tooMany' | 'itself' }
  | ForwardingError
  | { readonly kind: 'badName' }
  /** The password queue is full; nothing was changed. */
  | { readonly kind: 'busy' };

/** NIST SP 800-63B §3.1.1.2 for a password of a person's own; length is what counts, composition rules do not. */
export const minPasswordLength = 8;
export const maxAliasTargets = 100;
export const maxDisplayName = 200;

type Wording = { [K in ProvisioningError['kind']]: (e: Extract<ProvisioningError, { kind: K }>) => string };

const wording: Wording = {
  exists: (e) => `${e.name} exists already`,
  notFound: (e) => `there is no ${e.name}`,
  notEmpty: (e) => `${e.name} still has accounts or aliases`,
  badAddress: (e) =>
    `${JSON.stringify(e.text.slice(0, 320))} cannot be used: ${explainAddressError(e.reason)}`,
  badPassword: (e) =>
    e.reason === 'tooShort'
      ? `a password needs at least ${minPasswordLength} characters`
      : 'a password is at most 1,024 bytes and has no control characters',
  badTargets: (e) =>
    ({
      none: 'an alias needs a target',
      tooMany: `an alias has at most ${maxAliasTargets} targets`,
      itself: 'an alias cannot lead to itself',
    })[e.reason],
  badForwarding: (e) =>
    ({
      tooMany: `an account's mail goes to at most ${maxForwards} other addresses`,
      itself: `${e.name} cannot be sent on to itself`,
      loop: `mail to ${e.name} would come back`,
      elsewhere: `${e.name} is not in a domain here, and this installation sends no mail on to others (--forward-outside)`,
      unknown: `there is no ${e.name}`,
    })[e.reason],
  full: (e) => `${e.name} has ${maxAppPasswords} app passwords already: remove one that is not used any more`,
  badName: () => `a display name is at most ${maxDisplayName} characters and has no control characters`,
  busy: () => 'too many passwords are being worked on, try again',
};

/** One line for a person. */
export function explainProvisioningError(error: ProvisioningError): string {
  return (wording[error.kind] as (e: ProvisioningError) => string)(error);
}
