import { ByteCache } from '../../shared/engine/byte-cache.ts';
import './builtins.ts';
import { defaultImapOptions } from '../../services/imap/options.ts';
import type { ImapService } from '../../services/imap/service.ts';
import { ImapSession } from '../../services/imap/session.ts';
import { commandTable } from '../../services/pop3/commands.ts';
import { Session as Pop3Session } from '../../services/pop3/session.ts';
import type { Authenticator } from '../../shared/directory/authenticator.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import { ConnectionClosed } from '../../shared/net/connection.ts';
import type { AccountRecord } from '../../shared/ports/directory.ts';
import type { Leases } from '../../shared/ports/leases.ts';
import { err } from '../../shared/result.ts';
import { type Log, silentLog } from '../../shared/telemetry/log.ts';
import { lastingSessions, signedInAs } from '../support/signed-in.ts';
import { asker } from './asker.ts';
import { isExpected } from './failures.ts';
import type { Wire } from './wire.ts';

export interface FrontEnd {
  imap(wire: Wire): void;
  pop3(wire: Wire): void;
}

/** The real IMAP and POP3 services of one node, without their listeners. */
export function frontEnd(
  engine: MailEngine,
  leases: Leases,
  accountOf: (address: string) => AccountRecord | undefined,
  unexpected: (what: string, cause: unknown) => void,
): FrontEnd {
  const log: Log = {
    ...silentLog,
    with: () => log,
    error: ({ event }, cause) => {
      if (cause !== undefined && !isExpected(cause)) unexpected(event, cause);
    },
  };
  const authenticator: Authenticator = {
    async signIn({ address }) {
      const record = accountOf(address);
      return record === undefined ? err({ kind: 'invalid' }) : signedInAs(record);
    },
  };
  const sessions = lastingSessions();
  const service: ImapService = {
    engine,
    authenticator,
    options: defaultImapOptions,
    tls: undefined,
    memos: new ByteCache(1 << 20),
    sessions,
    commands: { add: () => undefined },
  };
  const pop3 = {
    commands: commandTable({
      engine,
      leases,
      authenticator,
      sessions,
      allowPlaintextAuth: true,
      offerTls: false,
    }),
    tls: undefined,
    log,
    idleTimeoutMs: 10 * 60_000,
    signInTimeoutMs: 5 * 60_000,
    answered: () => undefined,
  };
  const serve = (session: { run(): Promise<void> }, wire: Wire) => {
    const served = asker.run(wire, () => session.run());
    served.then(
      () => wire.end(),
      (cause) => {
        wire.cut();
        if (!(cause instanceof ConnectionClosed) && !isExpected(cause)) unexpected('session', cause);
      },
    );
  };
  return {
    imap: (wire) => serve(new ImapSession(service, wire.asConnection, log), wire),
    pop3: (wire) => serve(new Pop3Session(wire.asConnection, pop3), wire),
  };
}
