import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noticeQuota, quotaLevel } from '../../services/maintenance/quota-notice.ts';
import { quotaNotices } from '../../services/maintenance/quota-wording.ts';
import type { Account } from '../../shared/engine/account.ts';
import { expungeMessages } from '../../shared/engine/actions.ts';
import { everyUid } from '../../shared/engine/mailbox.ts';
import { setLimit } from '../../shared/engine/mailbox-actions.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { contents } from '../inbound/harness.ts';
import { deliver, subjects } from '../support/mail.ts';
import { day } from '../support/test-clock.ts';
import { installation } from './harness.ts';

const address = 'ann@example.test';

/** An account that holds this part of its quota. */
async function filled(part: number) {
  const here = await installation();
  const account = await here.account();
  for (let n = 1; n <= 10; n++) await deliver(account, n);
  await account.commit(setLimit(Math.floor(account.state.usage.bytes / part)));
  const notice = (who: Account = account) => noticeQuota(who, address, here.clock.now());
  return { here, account, notice };
}

test('an owner is told once when the account is nearly full, and once when it is full', async () => {
  const { here, account, notice } = await filled(0.95);
  assert.equal(await notice(), true);
  assert.equal((await subjects(account, 'INBOX')).at(-1), 'Your mailbox is nearly full');
  await account.commit(setLimit(account.state.usage.bytes));
  // No room for it: it is delivered all the same, and no second one for the room that it took.
  assert.equal(await notice(), true);
  assert.equal((await subjects(account, 'INBOX')).at(-1), 'Your mailbox is full');
  for (let days = 0; days < 29; days++) {
    here.clock.advance(day);
    assert.equal(await notice(), false);
  }
  assert.equal((await subjects(account, 'INBOX')).length, 12);
});

test('it is remembered when the notice is deleted, and told again after a month', async () => {
  const { here, account, notice } = await filled(1);
  assert.equal(await notice(), true);
  const [chunk] = account.state.mailboxes.named('INBOX')!.chunks;
  await account.commit(expungeMessages(inboxId, everyUid));
  for (let n = 1; n <= 10; n++) await deliver(account, n);
  assert.equal(chunk!.length, 11);
  assert.equal(quotaLevel(account.state), 'full');
  assert.equal(await notice(), false);
  here.clock.advance(31 * day);
  await account.commit(setLimit(account.state.usage.bytes - 1));
  assert.equal(await notice(), true);
});

test('without a limit, or with room, nothing is said and nothing is written', async () => {
  const { account, notice } = await filled(0.89);
  const { position } = account.state;
  assert.equal(await notice(), false);
  await account.commit(setLimit(undefined));
  assert.equal(await notice(), false);
  assert.equal(account.state.position, position + 1);
});

test('a notice is a message that programs do not answer, in words that can be chosen', async () => {
  const { here, account } = await filled(1);
  await noticeQuota(account, address, here.clock.now(), quotaNotices.de);
  const notice = (await contents(account)).at(-1)!;
  assert.match(notice, /^From: Mailsystem <postmaster@example\.test>\r$/m);
  assert.match(notice, /^To: ann@example\.test\r$/m);
  assert.match(notice, /^Auto-Submitted: auto-generated\r$/m);
  assert.match(notice, /^Subject: Ihr Postfach ist voll\r$/m);
  assert.match(notice, /^Message-ID: <.+@example\.test>\r$/m);
});

test('the pass over all accounts tells owners, and says how many', async () => {
  const { here } = await filled(1);
  here.start();
  const pass = await here.nextPass();
  assert.equal(pass.noticed, 1);
  assert.equal((await here.nextPass()).noticed, 0);
});
