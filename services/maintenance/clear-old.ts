import type { Account } from '../../shared/engine/account.ts';
import { expungeMessages } from '../../shared/engine/actions.ts';
import type { Mailbox } from '../../shared/engine/mailbox.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';

/** How long messages stay in a mailbox of this special use, ms. */
export type Clearing = Readonly<Partial<Record<'\\Trash' | '\\Junk', number | undefined>>>;

/**
 * Expunges what has been in Trash or Junk for longer than is said: since it came there (SAVEDATE, RFC 8514), not since it was
 * received. One small entry a mailbox. Resolves to the number of messages.
 */
export async function clearOld(account: Account, clearing: Clearing, now: number): Promise<number> {
  let cleared = 0;
  for (const mailbox of account.state.mailboxes) {
    const kept = clearing[mailbox.specialUse as keyof Clearing];
    if (kept === undefined || mailbox.exists === 0) continue;
    await account.load(mailbox.id);
    const loaded = account.state.mailboxes.get(mailbox.id);
    if (loaded === undefined) continue;
    const old = savedBefore(loaded, Math.floor((now - kept) / 1000));
    if (old.size === 0) continue;
    const done = await account.commit(expungeMessages(mailbox.id, old), { urgency: 'background' });
    if (!done.ok) throw new Error(`clear: ${done.error.kind}`, { cause: done.error });
    cleared += done.value.size;
  }
  return cleared;
}

function savedBefore({ chunks }: Mailbox, time: number): UidSet {
  function* uids() {
    for (const { fixed, length } of chunks)
      for (let i = 0; i < length; i++) if (fixed.saveDate[i]! <= time) yield fixed.uid[i]!;
  }
  return UidSet.of(uids());
}
