import type { Farewell } from '../../shared/net/guest.ts';
import type { ResponseCode } from '../../shared/pop3/reply-writer.ts';
import type { SessionEnd } from '../../shared/telemetry/events.ts';

interface Goodbye {
  readonly text: string;
  readonly code?: ResponseCode;
  readonly end: SessionEnd;
}

const restarting: Goodbye = {
  text: 'The server is about to restart, please come again',
  code: 'SYS/TEMP',
  end: 'drained',
};

/**
 * What a client is told that is let go. RFC 1939 has no such answer: a client takes it for that to its next command, and a maildrop that was
 * not left by QUIT is as it was before.
 */
export const goodbyes: Readonly<Record<Farewell, Goodbye>> = {
  restart: restarting,
  restartNow: restarting,
  credentialsChanged: { text: 'The password that you signed in with does not hold any more', end: 'revoked' },
  suspended: { text: 'This account is suspended', code: 'SYS/PERM', end: 'revoked' },
  protocolOff: { text: 'POP3 is switched off for this account', code: 'SYS/PERM', end: 'revoked' },
  removed: { text: 'This account was removed', code: 'SYS/PERM', end: 'revoked' },
};
