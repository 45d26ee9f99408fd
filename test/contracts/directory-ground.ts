import type { TestContext } from 'node:test';
import { newAccountId, systemEntropy } from '../../shared/ids.ts';
import type {
  AccountRecord,
  Address,
  Alias,
  Directory,
  Domain,
  DomainName,
} from '../../shared/ports/directory.ts';

export interface DirectoryGround {
  readonly directory: Directory;
  /** The same data seen by another process. */
  another(): Promise<Directory>;
}

/** Gives an empty directory and cleans up by `t.after`. */
export type MakeDirectory = (t: TestContext) => Promise<DirectoryGround>;

/** One with the tenant below and example.test in it. */
export const withDomain =
  (make: MakeDirectory): MakeDirectory =>
  async (t) => {
    const ground = await make(t);
    await ground.directory.addTenant(tenant);
    await ground.directory.addDomain(domain('example.test'));
    return ground;
  };

export const tenant = { id: 'main', name: 'Main', createdAt: 1_700_000_000_000 };

export const done = { ok: true, value: undefined };

export const refused = (kind: string, name: string) => ({ ok: false, error: { kind, name } });

export const address = (text: string): Address => text as Address;

export const domain = (name: string): Domain => ({
  name: name as DomainName,
  tenant: tenant.id,
  createdAt: 1,
});

export const account = (text: string): AccountRecord => ({
  id: newAccountId(systemEntropy),
  address: address(text),
  tenant: tenant.id,
  displayName: 'Alice',
  status: 'active',
  protocols: ['imap', 'pop3', 'submission'],
  pop3Deletion: 'trash',
  passwordHash: '$argon2id$v=19$m=65536,t=3,p=1$c2FsdA$aGFzaA',
  credentialVersion: 1,
  appPasswords: [],
  createdAt: 1_700_000_000_001,
});

export const alias = (text: string): Alias => ({
  address: address(text),
  targets: [address('alice@example.test'), address('else@example.org')],
  createdAt: 2,
});
