import assert from 'node:assert/strict';
import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { fileName } from '../../shared/adapters/embedded/blob-files.ts';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages, copyMessages, expungeMessages, storeFlags } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { createMailbox, deleteMailbox } from '../../shared/engine/mailbox-actions.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { accountPrefix, type BlobKey, messageKey } from '../../shared/ids.ts';
import { deliver, keysUnder } from '../support/mail.ts';
import type { CommandRun } from '../support/run-command.ts';
import { accountFolder } from './account-folder.ts';

interface Place {
  readonly folder: string;
  readonly account: Account;
  readonly db: DatabaseSync;
  /** The message above 128 KB, which lies in a file. */
  readonly large: BlobKey;
  run(...args: readonly string[]): Promise<CommandRun>;
  /** The first object of a kind. */
  object(kind: string): Promise<BlobKey>;
}

/** An account with two snapshots, a tail, copies, and messages that are restorable, beside a server. */
async function place(): Promise<Place> {
  const { folder, anna: account, run, store } = await accountFolder();
  for (let n = 1; n <= 5; n++) await deliver(account, n);
  await account.commit(copyMessages('copy', inboxId, UidSet.of([2]), 'Archive'));
  await account.commit(createMailbox('Old'));
  await deliver(account, 6, { mailbox: 'Old' });
  await account.compact();
  await account.commit(deleteMailbox('Old'));
  await account.commit(expungeMessages(inboxId, UidSet.of([1, 2])));
  await account.commit(storeFlags(inboxId, everyUid, 'add', ['\\Seen']));
  await account.compact();
  const staged = await account.stage(Buffer.from(`Subject: large\r\n\r\n${'x'.repeat(200_000)}`));
  assert.ok(staged.ok);
  await account.commit(appendMessages('INBOX', [{ message: staged.value, flags: [], internalDate: 1 }]));
  const db = new DatabaseSync(join(folder, 'restante.db'), { timeout: 5000 });
  after(() => db.close());
  const prefix = accountPrefix(account.id);
  const object = async (kind: string) => (await keysUnder(store.blobs, `${prefix}${kind}/`)).at(-1)!;
  return { folder, account, db, run, object, large: messageKey(account.id, staged.value.emailId) };
}

test('an account that is in order is said to be, and nothing in it is changed', async () => {
  const { db, run } = await place();
  const everything = () =>
    ['entries', 'heads', 'blobs'].map((table) => db.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all());
  const before = everything();
  for (const options of [[], ['--deep'], ['anna@example.test']]) {
    const { code, stdout, stderr } = await run('verify', ...options);
    assert.match(stdout, /^anna@example\.test: ok, 7 messages, /);
    // From the first of the two snapshots on.
    assert.match(stdout, /entries 10 to 13 replayed/);
    assert.deepEqual([code, stderr], [0, '']);
  }
  const [verdict] = JSON.parse((await run('verify', '--json', '--deep')).stdout);
  assert.deepEqual([verdict.differences, verdict.messages, verdict.read], [0, 7, 7]);
  assert.deepEqual(everything(), before);
});

test('it begins at the oldest snapshot from which the log still leads on, however many older ones there are', async () => {
  const { account, db, run } = await place();
  const positions: number[] = [];
  for (let n = 10; n < 40; n++) {
    await deliver(account, n);
    await account.compact();
    positions.push(account.state.position);
  }
  // As trimming leaves it: snapshots outlive the entries that follow them.
  const trimmed = positions.at(-6)!;
  db.prepare('DELETE FROM entries WHERE account = ? AND position <= ?').run(account.id, trimmed);
  const { code, stdout } = await run('verify');
  assert.equal(code, 0, stdout);
  assert.match(stdout, new RegExp(`entries ${trimmed + 1} to ${account.state.position} replayed`));
});

interface Damage {
  readonly what: string;
  readonly told: RegExp;
  readonly onlyDeep?: true;
  do(place: Place): Promise<unknown>;
}

const filePath = ({ folder }: Place, key: BlobKey) =>
  join(folder, 'blobs', fileName(key).slice(0, 2), fileName(key));

const damages: readonly Damage[] = [
  {
    what: 'a message that is gone',
    told: /blob: message \w{26} is not there/,
    do: async ({ db, object }) => db.prepare('DELETE FROM blobs WHERE key = ?').run(await object('m')),
  },
  {
    what: 'a message of another length',
    told: /blob: message \w{26} has 7 bytes, its mailbox says \d+/,
    do: async ({ db, object }) =>
      db
        .prepare("UPDATE blobs SET size = 7, file = NULL, bytes = CAST('changed' AS BLOB) WHERE key = ?")
        .run(await object('m')),
  },
  {
    what: 'a file that is gone',
    told: /blob: message \w{26} is listed, but not there/,
    do: (at) => rm(filePath(at, at.large)),
  },
  {
    what: 'a file that was cut off',
    told: /blob: message \w{26}: a blob file is shorter/,
    do: (at) => truncate(filePath(at, at.large), 150_000),
  },
  {
    what: 'a message with other bytes of the same length',
    told: /blob: message \w{26} does not begin with the header/,
    onlyDeep: true,
    do: async ({ db, account }) => {
      const key = messageKey(account.id, (await account.emailIds([3]))[0]!);
      const { bytes } = db.prepare('SELECT bytes FROM blobs WHERE key = ?').get(key) as { bytes: Uint8Array };
      bytes[0] = 0x58;
      db.prepare('UPDATE blobs SET bytes = ? WHERE key = ?').run(bytes, key);
    },
  },
  {
    what: 'header records that are gone',
    told: /record: message number \d+: /,
    do: async ({ db, account }) => {
      for (const { key } of account.snapshot!.messages.segments)
        db.prepare('DELETE FROM blobs WHERE key = ?').run(key);
    },
  },
  {
    what: 'a manifest that is broken',
    told: /snapshot: it cannot be read: /,
    do: async ({ db, account }) =>
      db
        .prepare('UPDATE blobs SET bytes = substr(bytes, 1, size - 9) WHERE key = ?')
        .run(account.snapshot!.manifest),
  },
  {
    what: 'an entry that is missing',
    told: /log: entry 11 is missing/,
    do: async ({ db }) => {
      db.prepare('DELETE FROM entries WHERE position = 11').run();
    },
  },
  {
    what: 'a snapshot that is not what its entries make',
    told: /replay: the snapshot at 12 is not what entries 10 to 12 make of the one at 9/,
    do: async ({ db }) => {
      // The entry that marked messages as read, replaced by the one before it.
      const row = db.prepare('SELECT bytes FROM entries WHERE position = 11').get() as { bytes: Uint8Array };
      db.prepare('UPDATE entries SET bytes = ? WHERE position = 12').run(row.bytes);
    },
  },
];

for (const { what, told, onlyDeep, do: damage } of damages)
  test(`${what} is found`, async () => {
    const here = await place();
    await damage(here);
    const shallow = await here.run('verify');
    assert.equal(shallow.code, onlyDeep ? 0 : 1, shallow.stdout);
    const { code, stdout, stderr } = onlyDeep ? await here.run('verify', '--deep') : shallow;
    assert.match(stdout, told);
    assert.deepEqual([code, stderr], [1, 'restante: accounts that are not in order: 1\n']);
  });
