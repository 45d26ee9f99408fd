import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount } from '../../services/local/add-account.ts';
import type { Store } from '../../services/local/context.ts';
import { removeAccount } from '../../services/local/remove-account.ts';
import { createPasswordHasher } from '../../shared/directory/password-hasher.ts';
import { createProvisioning } from '../../shared/directory/provisioning.ts';
import { createMailbox } from '../../shared/engine/mailbox-actions.ts';
import { type AccountId, systemEntropy } from '../../shared/ids.ts';
import { memoryDirectory } from '../directory/memory-directory.ts';
import { memoryEngine, memoryStore } from '../support/memory-engine.ts';

const address = 'anna@example.test';

/** An address whose accounts come and go by a clock that the test sets; `validities` are all UIDVALIDITYs of one. */
async function place() {
  const clock = { now: Date.UTC(2026, 5, 1) };
  const entropy = { ...systemEntropy, now: () => clock.now };
  const store = memoryStore(entropy.now);
  const engine = memoryEngine(store, { entropy });
  const hasher = createPasswordHasher({ cost: { memory: 8, passes: 1, parallelism: 1 } });
  const provisioning = createProvisioning({ directory: memoryDirectory(), hasher, entropy });
  await provisioning.addDomain('example.test');
  const data = { engine, provisioning, store: store as unknown as Store };
  const add = async () => {
    const added = await addAccount(data, { address, password: 'a long password' });
    assert.ok(added.ok);
    return added.value.account.id;
  };
  const change = async (id: AccountId, mailboxes: number) => {
    const opened = await engine.open(id);
    assert.ok(opened.ok);
    const { account } = opened.value;
    for (let n = 1; n <= mailboxes; n++)
      assert.ok((await account.commit(createMailbox(`Box ${account.state.position}`))).ok);
    opened.value.release();
    return [...account.state.mailboxes].map(({ uidValidity }) => uidValidity);
  };
  const remove = async () => assert.ok((await removeAccount(data, address)).ok);
  return { clock, add, change, remove };
}

test('an account made again at once, or by a clock that went back, repeats no UIDVALIDITY of those before it', async () => {
  const { clock, add, change, remove } = await place();
  const first = await add();
  let highest = Math.max(...(await change(first, 30)));
  await remove();
  for (const back of [0, 1_000, 3 * 24 * 3600_000]) {
    clock.now -= back;
    const next = await add();
    const validities = await change(next, 3);
    assert.ok(Math.min(...validities) > highest, `${Math.min(...validities)} after ${highest}`);
    highest = Math.max(...validities);
    await remove();
  }
});

test('a session of a removed account makes mailboxes below those of the account after it', async () => {
  const { clock, add, change, remove } = await place();
  const first = await add();
  await change(first, 1);
  await remove();
  const next = await change(await add(), 1);
  clock.now += 23 * 3600_000;
  assert.ok(Math.max(...(await change(first, 40))) < Math.min(...next));
});
