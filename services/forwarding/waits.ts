import type { MailEngine } from '../../shared/engine/engine.ts';
import type { MailError } from '../../shared/engine/mail-error.ts';
import { ok, type Result } from '../../shared/result.ts';
import { Outbox } from './outbox.ts';

export interface Waits {
  readonly waiting: number;
  /** When the oldest of it was taken in, ISO 8601. */
  readonly oldest: string | null;
}

export const noneWaits: Waits = { waiting: 0, oldest: null };

/** What of each account's mail, by its id, waits to be sent to addresses elsewhere. */
export const waitsOf = (engine: MailEngine): Promise<Result<ReadonlyMap<string, Waits>, MailError>> => {
  const outbox = new Outbox(engine);
  return outbox.with(async (box) => {
    const counts = new Map<string, Waits>();
    for (const { envelope, since } of await outbox.waiting(box)) {
      const account = envelope.account ?? '';
      const { waiting, oldest } = counts.get(account) ?? noneWaits;
      counts.set(account, { waiting: waiting + 1, oldest: oldest ?? new Date(since).toISOString() });
    }
    return ok(counts);
  });
};
