import { type Entropy, newAccountId, systemEntropy } from '../ids.ts';
import type {
  AccountRecord,
  Address,
  Alias,
  AppPassword,
  Directory,
  Domain,
  Pop3Deletion,
  Protocol,
} from '../ports/directory.ts';
import { err, ok, type Result } from '../result.ts';
import { type AddressError, parseAddress, parseAliasAddress, parseDomain } from './address.ts';
import { hashAppPassword } from './app-password.ts';
import { checkForwarding } from './forwarding.ts';
import { generatePassword } from './generate-password.ts';
import { preparePassword } from './password-hash.ts';
import type { PasswordHasher } from './password-hasher.ts';
import {
  maxAliasTargets,
  maxDisplayName,
  minPasswordLength,
  type ProvisioningError,
} from './provisioning-error.ts';
import { floorAfter } from './uid-validity-floor.ts';

export {
  explainProvisioningError,
  maxAliasTargets,
  minPasswordLength,
  type ProvisioningError,
} from './provisioning-error.ts';

type Outcome<T> = Promise<Result<T, ProvisioningError>>;

export interface NewAccount {
  readonly address: string;
  /** One is generated where none is given. */
  readonly password?: string;
  readonly displayName?: string;
  readonly protocols?: readonly Protocol[];
  readonly pop3Deletion?: Pop3Deletion;
}

export interface AddedAccount {
  readonly account: AccountRecord;
  /** To be shown once; it is kept nowhere. */
  readonly password: string;
}

export interface AddedAppPassword {
  readonly appPassword: AppPassword;
  /** To be shown once; it is kept nowhere. */
  readonly password: string;
}

/** What an administrator does to the directory, checked. Every front door (command line, REST, console) uses these. */
export interface Provisioning {
  /** `tenant` must be there; without one, the default tenant has it, and is made where it is missing. */
  addDomain(name: string, tenant?: string): Outcome<Domain>;
  removeDomain(name: string): Outcome<void>;
  /**
   * `prepare` makes what the account needs (its log above all) before anybody can find it: a crash in between leaves garbage,
   * never an account that cannot be opened. Its UIDVALIDITYs must be above `uidValidityFloor`. What it throws is thrown on, and nothing is added.
   */
  addAccount(
    request: NewAccount,
    prepare?: (account: AccountRecord, uidValidityFloor: number) => Promise<void>,
  ): Outcome<AddedAccount>;
  account(address: string): Outcome<AccountRecord>;
  /**
   * `lastUidValidity` tells the highest UIDVALIDITY that was given out in the account, undefined where it cannot be read: an account made
   * at the address later begins above it (uid-validity-floor.ts).
   */
  removeAccount(
    address: string,
    lastUidValidity: (account: AccountRecord) => Promise<number | undefined>,
  ): Outcome<AccountRecord>;
  /** Resolves to the password, which is a generated one where none is given. Ends what was remembered of the old one. */
  changePassword(address: string, password?: string): Outcome<string>;
  /** An app password called `name`: one for a program or a device. */
  addAppPassword(address: string, name: string): Outcome<AddedAppPassword>;
  removeAppPassword(address: string, id: string): Outcome<AccountRecord>;
  setStatus(address: string, status: AccountRecord['status']): Outcome<AccountRecord>;
  /**
   * Sends an account's mail on to other addresses, in place of those before; none ends it. `keep` leaves a copy. A loop is
   * refused as far as it can be seen now; one that is made later by other changes does no harm (see resolveRecipient, Forwarder).
   */
  setForwarding(address: string, targets: readonly string[], keep: boolean): Outcome<AccountRecord>;
  addAlias(address: string, targets: readonly string[]): Outcome<Alias>;
  /** Leads an alias to these, in place of those before. */
  changeAlias(address: string, targets: readonly string[]): Outcome<Alias>;
  removeAlias(address: string): Outcome<void>;
}

export interface ProvisioningOptions {
  readonly directory: Directory;
  readonly hasher: PasswordHasher;
  readonly entropy?: Entropy;
  /** The tenant that domains are added to; made where it is missing. */
  readonly tenant?: string;
  /** Whether mail may be sent on to domains of others; no unless given. */
  readonly forwardOutside?: boolean;
}

const allProtocols: readonly Protocol[] = ['imap', 'pop3', 'submission'];

export const isDisplayName = (name: string): boolean =>
  name.length <= maxDisplayName && !/\p{Cc}/u.test(name);

const badAddress = (text: string, reason: AddressError) => err({ kind: 'badAddress', text, reason } as const);

export function createProvisioning(options: ProvisioningOptions): Provisioning {
  const { directory, hasher, entropy = systemEntropy, tenant = 'default', forwardOutside = false } = options;

  async function tenantOf(domain: string): Promise<string> {
    const name = parseDomain(domain);
    return (name.ok && (await directory.domain(name.value))?.tenant) || tenant;
  }

  async function hashed(given: string | undefined): Outcome<{ password: string; passwordHash: string }> {
    const password = given ?? generatePassword(entropy);
    const prepared = preparePassword(password);
    if (prepared === undefined) return err({ kind: 'badPassword', reason: 'unfit' });
    if ([...prepared].length < minPasswordLength) return err({ kind: 'badPassword', reason: 'tooShort' });
    const hash = await hasher.hash(prepared);
    return hash.ok ? ok({ password, passwordHash: hash.value }) : err({ kind: 'busy' });
  }

  async function account(text: string): Outcome<AccountRecord> {
    const parsed = parseAddress(text);
    if (!parsed.ok) return badAddress(text, parsed.error);
    const found = await directory.accountByAddress(parsed.value.address);
    return found ? ok(found) : err({ kind: 'notFound', name: parsed.value.address });
  }

  function parseTargets(texts: readonly string[], alias: Address): Result<Address[], ProvisioningError> {
    const targets = new Set<Address>();
    for (const text of texts) {
      const parsed = parseAddress(text);
      if (!parsed.ok) return badAddress(text, parsed.error);
      if (parsed.value.address === alias) return err({ kind: 'badTargets', reason: 'itself' });
      targets.add(parsed.value.address);
    }
    if (targets.size === 0) return err({ kind: 'badTargets', reason: 'none' });
    return targets.size > maxAliasTargets ? err({ kind: 'badTargets', reason: 'tooMany' }) : ok([...targets]);
  }

  return {
    async addDomain(text, owner) {
      const name = parseDomain(text);
      if (!name.ok) return badAddress(text, name.error);
      if (owner === undefined) {
        const added = await directory.addTenant({ id: tenant, name: tenant, createdAt: entropy.now() });
        if (!added.ok && added.error.kind !== 'exists') return added;
      }
      const domain: Domain = { name: name.value, tenant: owner ?? tenant, createdAt: entropy.now() };
      const outcome = await directory.addDomain(domain);
      return outcome.ok ? ok(domain) : outcome;
    },
    async removeDomain(text) {
      const name = parseDomain(text);
      return name.ok ? directory.removeDomain(name.value) : badAddress(text, name.error);
    },
    async addAccount(request, prepare) {
      const parsed = parseAddress(request.address);
      if (!parsed.ok) return badAddress(request.address, parsed.error);
      const displayName = (request.displayName ?? parsed.value.local).normalize('NFC');
      if (!isDisplayName(displayName)) return err({ kind: 'badName' });
      const credentials = await hashed(request.password);
      if (!credentials.ok) return credentials;
      const record: AccountRecord = {
        id: newAccountId(entropy),
        address: parsed.value.address,
        tenant: await tenantOf(parsed.value.domain),
        displayName,
        status: 'active',
        protocols: request.protocols ?? allProtocols,
        pop3Deletion: request.pop3Deletion ?? 'expunge',
        passwordHash: credentials.value.passwordHash,
        credentialVersion: 1,
        appPasswords: [],
        createdAt: entropy.now(),
      };
      const uidValidityFloor = await directory.uidValidityFloor(record.address);
      if (prepare !== undefined) {
        // Asked first, so that a plain refusal leaves no garbage; the directory decides again.
        const taken =
          (await directory.accountByAddress(record.address)) ?? (await directory.alias(record.address));
        if (taken) return err({ kind: 'exists', name: record.address });
        if (!(await directory.domain(parsed.value.domain)))
          return err({ kind: 'notFound', name: parsed.value.domain });
        await prepare(record, uidValidityFloor);
      }
      const outcome = await directory.addAccount(record, uidValidityFloor);
      return outcome.ok ? ok({ account: record, password: credentials.value.password }) : outcome;
    },
    account,
    async removeAccount(text, lastUidValidity) {
      const found = await account(text);
      if (!found.ok) return found;
      const last =
        (await lastUidValidity(found.value)) ?? (await directory.uidValidityFloor(found.value.address));
      const floor = floorAfter(last, entropy.now());
      const outcome = await directory.removeAccount(found.value.id, floor);
      return outcome.ok ? found : outcome;
    },
    async changePassword(text, given) {
      const found = await account(text);
      if (!found.ok) return found;
      const credentials = await hashed(given);
      if (!credentials.ok) return credentials;
      const { passwordHash, password } = credentials.value;
      const outcome = await directory.updateAccount(found.value.id, { passwordHash });
      return outcome.ok ? ok(password) : outcome;
    },
    async addAppPassword(text, name) {
      if (name.trim() === '' || !isDisplayName(name)) return err({ kind: 'badName' });
      const found = await account(text);
      if (!found.ok) return found;
      const password = generatePassword(entropy);
      const appPassword: AppPassword = {
        id: Buffer.from(entropy.bytes(8)).toString('hex'),
        name,
        hash: hashAppPassword(found.value.id, password)!,
        createdAt: entropy.now(),
      };
      const outcome = await directory.addAppPassword(found.value.id, appPassword);
      return outcome.ok ? ok({ appPassword, password }) : outcome;
    },
    async removeAppPassword(text, id) {
      const found = await account(text);
      return found.ok ? directory.removeAppPassword(found.value.id, id) : found;
    },
    async setStatus(text, status) {
      const found = await account(text);
      return found.ok ? directory.updateAccount(found.value.id, { status }) : found;
    },
    async setForwarding(text, targets, keep) {
      const found = await account(text);
      if (!found.ok) return found;
      const checked = await checkForwarding(directory, found.value, targets, forwardOutside);
      if (!checked.ok) return checked;
      return directory.updateAccount(found.value.id, { forwarding: { targets: checked.value, keep } });
    },
    async addAlias(text, targets) {
      const parsed = parseAliasAddress(text);
      if (!parsed.ok) return badAddress(text, parsed.error);
      const { address } = parsed.value;
      const parsedTargets = parseTargets(targets, address);
      if (!parsedTargets.ok) return parsedTargets;
      const alias: Alias = { address, targets: parsedTargets.value, createdAt: entropy.now() };
      const outcome = await directory.addAlias(alias);
      return outcome.ok ? ok(alias) : outcome;
    },
    async changeAlias(text, targets) {
      const parsed = parseAliasAddress(text);
      if (!parsed.ok) return badAddress(text, parsed.error);
      const { address } = parsed.value;
      const parsedTargets = parseTargets(targets, address);
      return parsedTargets.ok ? directory.changeAlias(address, parsedTargets.value) : parsedTargets;
    },
    async removeAlias(text) {
      const parsed = parseAliasAddress(text);
      return parsed.ok ? directory.removeAlias(parsed.value.address) : badAddress(text, parsed.error);
    },
  };
}
