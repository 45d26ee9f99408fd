import type { Farewell } from '../../shared/net/guest.ts';
import type { SessionEnd } from '../../shared/telemetry/events.ts';

interface Goodbye {
  readonly text: string;
  readonly end: SessionEnd;
}

const restarting: Goodbye = {
  text: 'The server is about to restart, please connect again',
  end: 'drained',
};

/** What BYE says to a client that is let go (RFC 9051 §7.1.5). */
export const goodbyes: Readonly<Record<Farewell, Goodbye>> = {
  restart: restarting,
  restartNow: restarting,
  credentialsChanged: { text: 'The password that you signed in with does not hold any more', end: 'revoked' },
  suspended: { text: 'This account is suspended', end: 'revoked' },
  protocolOff: { text: 'IMAP is switched off for this account', end: 'revoked' },
  removed: { text: 'This account was removed', end: 'revoked' },
};
