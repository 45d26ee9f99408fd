import MailComposer from 'nodemailer/lib/mail-composer';
import type { Account } from '../../shared/engine/account.ts';
import { type Appended, appendMessages } from '../../shared/engine/actions.ts';
import type { Decide } from '../../shared/engine/decision.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import { englishNotices, type QuotaLevel, type QuotaNotices } from './quota-wording.ts';

/** The part of the quota from which the owner is told that it will not last. */
const nearlyFull = 0.9;

/** Undefined where there is room, or no limit. */
export function quotaLevel({ usage, limits: { bytes } }: AccountState): QuotaLevel | undefined {
  if (bytes === undefined || usage.bytes < bytes * nearlyFull) return undefined;
  return usage.bytes >= bytes ? 'full' : 'nearlyFull';
}

/**
 * Tells the owner, by a message in INBOX, that the account is full or nearly so. Each at most once in the 30 days for which an account
 * knows its deliveries: that memory is the log's own, holds over all processes, and outlives the message. The notice takes room beyond
 * the quota, once. Resolves to whether one was delivered.
 */
export async function noticeQuota(
  account: Account,
  address: string,
  now: number,
  notices: QuotaNotices = englishNotices,
): Promise<boolean> {
  const level = quotaLevel(account.state);
  if (level === undefined) return false;
  const deliveryId = `quota:${level}`;
  if (account.state.deliveries.has(deliveryId, Math.floor(account.state.time / 1000))) return false;
  const staged = await account.stage(await compose(address, now, level, account.state, notices));
  if (!staged.ok) throw new Error(`notice: ${staged.error.kind}`, { cause: staged.error });
  const request = { message: staged.value, flags: [], internalDate: undefined, deliveryId };
  // Room may have been made, or another process may have told, since the state was looked at.
  const append: Decide<Appended | undefined> = (state, at) =>
    quotaLevel(state) === level
      ? appendMessages('INBOX', [request])({ ...state, limits: { bytes: undefined } }, at)
      : { ok: true, value: { operations: [], answer: () => undefined } };
  const done = await account.commit(append, { urgency: 'background' });
  const told = done.ok && done.value !== undefined && done.value.uids.size > 0;
  if (done.ok ? !told : done.error.kind !== 'unsettled') await account.unstage(staged.value);
  if (!done.ok) throw new Error(`notice: ${done.error.kind}`, { cause: done.error });
  return told;
}

async function compose(
  address: string,
  now: number,
  level: QuotaLevel,
  { usage, limits }: AccountState,
  notices: QuotaNotices,
): Promise<Buffer> {
  const { subject, text } = notices[level](usage.bytes, limits.bytes ?? 0);
  const domain = address.slice(address.lastIndexOf('@') + 1);
  return await new MailComposer({
    from: { name: notices.from, address: `postmaster@${domain}` },
    to: address,
    subject,
    text,
    date: new Date(now),
    // No program is to answer it (RFC 3834 §5).
    headers: { 'Auto-Submitted': 'auto-generated' },
    newline: '\r\n',
  })
    .compile()
    .build();
}
