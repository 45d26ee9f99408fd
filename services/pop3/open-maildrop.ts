import { randomBytes } from 'node:crypto';
import type { MailEngine } from '../../shared/engine/engine.ts';
import { type MailError, unavailable } from '../../shared/engine/mail-error.ts';
import { MessageReader } from '../../shared/engine/message-reader.ts';
import { inboxId } from '../../shared/engine/state.ts';
import type { AccountRecord } from '../../shared/ports/directory.ts';
import type { Leases } from '../../shared/ports/leases.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import { BodyAhead } from './body-ahead.ts';
import { Maildrop } from './maildrop.ts';
import type { OpenMaildrop } from './session-state.ts';

/**
 * How long a maildrop stays locked after its server died. Short, for a client that comes back must not find itself locked out by its own
 * lost session; renewed while the session lasts, so that a session of a minute costs two writes.
 */
const leaseMs = 120_000;
const renewMs = 40_000;

/**
 * Locks the maildrop and takes the session's snapshot of it. The lock keeps two clients from downloading and deleting side by side, as
 * RFC 1939 §4 asks; nothing would be lost if both got in, for QUIT deletes what is still there, by UID.
 */
export async function openMaildrop(
  parts: { readonly engine: MailEngine; readonly leases: Leases },
  record: AccountRecord,
): Promise<Result<OpenMaildrop, MailError | { readonly kind: 'inUse' }>> {
  const { engine, leases } = parts;
  let lease: Awaited<ReturnType<Leases['acquire']>>;
  try {
    lease = await leases.acquire(`pop3/${record.id}`, randomBytes(8).toString('hex'), leaseMs);
  } catch (cause) {
    return err(unavailable(cause));
  }
  if (lease === undefined) return err({ kind: 'inUse' });
  const held = lease;
  const opened = await engine.open(record.id);
  const found = opened.ok ? await opened.value.account.openMailbox(inboxId) : opened;
  if (!opened.ok || !found.ok || found.value === undefined) {
    if (opened.ok) opened.value.release();
    await leases.release(held).catch(() => undefined);
    return found.ok ? err({ kind: 'noSuchMailbox', creatable: false }) : found;
  }
  const maildrop = new Maildrop(found.value);
  const messages = new MessageReader(opened.value.account, found.value);
  // One that lapsed, for a store or a machine that stood still, is taken again where nobody else has; where somebody has, that is no
  // reason to disturb the client; see above.
  let released: Promise<void> | undefined;
  const renew = async () => {
    if ((await leases.renew(held, leaseMs)) || released !== undefined) return;
    await leases.acquire(held.name, held.holder, leaseMs);
    // The session may have ended while that was on its way.
    if (released !== undefined) await leases.release(held);
  };
  const timer = setInterval(() => void renew().catch(() => undefined), renewMs).unref();
  const release = async () => {
    clearInterval(timer);
    opened.value.release();
    await leases.release(held).catch(() => undefined);
  };
  return ok({
    record,
    hold: opened.value,
    maildrop,
    messages,
    ahead: new BodyAhead(messages),
    release: () => (released ??= release()),
  });
}
