import type { ImapSession } from './session.ts';

/** Called by the service's clock: an account that nobody used for a while is packed, and so is what the session sees of it. */
export function restWhereIdle({ hold, service, state }: ImapSession, now: number): void {
  const account = hold?.account;
  if (account === undefined || now - account.usedAt < service.options.restAfterMs) return;
  account.rest();
  if (state.kind === 'selected') state.selected.view.rest();
}
