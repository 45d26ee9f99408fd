import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { SignedInSessions, sessionsPerAccount } from '../../shared/directory/signed-in.ts';
import { type AccountId, newAccountId, systemEntropy } from '../../shared/ids.ts';
import type { Farewell, Guest } from '../../shared/net/guest.ts';
import type {
  AccountRecord,
  Address,
  Directory,
  DomainName,
  Protocol,
} from '../../shared/ports/directory.ts';
import { memoryLog } from '../../shared/telemetry/log.ts';
import { memoryDirectory } from './memory-directory.ts';

const phone = { id: 'phone', name: 'phone', hash: 'ab'.repeat(32), createdAt: 1 };
const tablet = { ...phone, id: 'tablet', name: 'tablet' };

class Session implements Guest {
  readonly asked: Farewell[] = [];
  leave(why: Farewell): void {
    this.asked.push(why);
  }
  cut(): void {}
}

async function world(change: Partial<Directory> = {}) {
  const directory = { ...memoryDirectory(), ...change };
  await directory.addTenant({ id: 't', name: 't', createdAt: 1 });
  await directory.addDomain({ name: 'example.test' as DomainName, tenant: 't', createdAt: 1 });
  const log = memoryLog();
  const sessions = new SignedInSessions({ directory, log });
  const account = async (): Promise<AccountRecord> => {
    const id = newAccountId(systemEntropy);
    const record: AccountRecord = {
      id,
      address: `${id}@example.test` as Address,
      tenant: 't',
      displayName: '',
      status: 'active',
      protocols: ['imap', 'pop3', 'submission'],
      pop3Deletion: 'expunge',
      passwordHash: 'h',
      credentialVersion: 1,
      appPasswords: [phone, tablet],
      createdAt: 1,
    };
    await directory.addAccount(record);
    return record;
  };
  const enter = (record: AccountRecord, protocol: Protocol = 'imap', appPassword?: string) => {
    const session = new Session();
    const entered = sessions.enter({ account: record, appPassword }, protocol, session);
    assert.ok(entered.ok);
    return { session, leave: entered.value };
  };
  return { directory, sessions, account, enter, log };
}

/** What each kind of session of one account is asked when something is changed. */
async function askedBy(change: (directory: Directory, id: AccountId) => Promise<unknown>) {
  const { directory, account, enter } = await world();
  const [alice, bob] = [await account(), await account()];
  const sessions = {
    imap: enter(alice).session,
    pop3: enter(alice, 'pop3').session,
    submission: enter(alice, 'submission').session,
    phone: enter(alice, 'imap', 'phone').session,
    tablet: enter(alice, 'imap', 'tablet').session,
    other: enter(bob).session,
  };
  await change(directory, alice.id);
  await turn();
  return Object.fromEntries(
    Object.entries(sessions).flatMap(([name, { asked }]) => (asked.length === 0 ? [] : [[name, asked]])),
  );
}

test('a new password ends the sessions of the old one, and those of app passwords stay', async () => {
  const why = ['credentialsChanged'];
  assert.deepEqual(await askedBy((directory, id) => directory.updateAccount(id, { passwordHash: 'new' })), {
    imap: why,
    pop3: why,
    submission: why,
  });
});

test('an app password that is removed ends its own sessions alone', async () => {
  assert.deepEqual(await askedBy((directory, id) => directory.removeAppPassword(id, 'phone')), {
    phone: ['credentialsChanged'],
  });
});

test('a protocol that is switched off ends its sessions alone', async () => {
  const change = { protocols: ['imap', 'submission'] } as const;
  assert.deepEqual(await askedBy((directory, id) => directory.updateAccount(id, change)), {
    pop3: ['protocolOff'],
  });
});

test('suspension and removal end all sessions of the account, and nobody else’s', async () => {
  const all = (why: Farewell) =>
    Object.fromEntries(['imap', 'pop3', 'submission', 'phone', 'tablet'].map((name) => [name, [why]]));
  assert.deepEqual(
    await askedBy((directory, id) => directory.updateAccount(id, { status: 'suspended' })),
    all('suspended'),
  );
  assert.deepEqual(await askedBy((directory, id) => directory.removeAccount(id, 0)), all('removed'));
});

test('a change that is told while the password was being looked at is not missed', async () => {
  const { directory, account, enter } = await world();
  const alice = await account();
  await directory.updateAccount(alice.id, { passwordHash: 'new' });
  // With the record as it was before.
  const { session } = enter(alice);
  await turn();
  assert.deepEqual(session.asked, ['credentialsChanged']);
});

test('nothing is read of accounts that have no session here, and many changes at once cost few reads', async () => {
  let reads = 0;
  const held = Promise.withResolvers<void>();
  const { directory, account, enter } = await world();
  const { account: read } = directory;
  directory.account = async (id) => {
    reads++;
    await held.promise;
    return read(id);
  };
  const [alice, bob] = [await account(), await account()];
  const { session } = enter(alice);
  for (let i = 0; i < 10; i++) {
    await directory.updateAccount(alice.id, { status: 'active' });
    await directory.updateAccount(bob.id, { status: 'suspended' });
  }
  held.resolve();
  for (let i = 0; i < 10; i++) await turn();
  assert.equal(reads, 2);
  assert.deepEqual(session.asked, []);
});

test('the newest session beyond the limit of its protocol is refused, and a place is free again when one ends', async () => {
  const { sessions, account, enter } = await world();
  const alice = await account();
  const open = Array.from({ length: sessionsPerAccount }, () => enter(alice));
  const more = () => sessions.enter({ account: alice, appPassword: undefined }, 'imap', new Session());
  assert.deepEqual(more(), { ok: false, error: 'tooMany' });
  enter(alice, 'submission');
  open[0]!.leave();
  open[0]!.leave();
  assert.ok(more().ok);
  assert.deepEqual(more(), { ok: false, error: 'tooMany' });
});

test('who was ended is logged without an address', async () => {
  const { directory, account, enter, log } = await world();
  const alice = await account();
  enter(alice);
  enter(alice);
  await directory.updateAccount(alice.id, { status: 'suspended' });
  await turn();
  const logged = log.events.map(({ event }) => event);
  assert.deepEqual(logged, [{ event: 'auth.ended', account: alice.id, reason: 'suspended', sessions: 2 }]);
});
