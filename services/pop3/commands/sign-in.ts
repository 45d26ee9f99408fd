import type { Authenticator, AuthFailure } from '../../../shared/directory/authenticator.ts';
import type { SignedIn, SignedInSessions } from '../../../shared/directory/signed-in.ts';
import type { MailEngine } from '../../../shared/engine/engine.ts';
import { decodeText } from '../../../shared/pop3/command.ts';
import { parsePlain } from '../../../shared/pop3/sasl-plain.ts';
import type { Leases } from '../../../shared/ports/leases.ts';
import type { Result } from '../../../shared/result.ts';
import { authReply, errorReply } from '../error-reply.ts';
import { openMaildrop } from '../open-maildrop.ts';
import { type Client, type Handler, type Outcome, okay, refuse, written } from '../session-state.ts';

export interface SignInParts {
  readonly engine: MailEngine;
  readonly leases: Leases;
  readonly authenticator: Authenticator;
  readonly sessions: SignedInSessions;
  /** Passwords without TLS: for tests and closed networks. */
  readonly allowPlaintextAuth: boolean;
}

/** Passwords go through TLS only (RFC 8314 §3). A client that sent one in plain is told nothing about it. */
const tlsFirst: Outcome = refuse('Passwords are accepted over TLS only: use STLS, or port 995', 'AUTH');

export const mayNamePassword = (client: Client, parts: Pick<SignInParts, 'allowPlaintextAuth'>): boolean =>
  client.secure || parts.allowPlaintextAuth;

export interface SignInCommands {
  readonly user: Handler<'authorization', 'USER'>;
  readonly pass: Handler<'authorization', 'PASS'>;
  readonly auth: Handler<'authorization', 'AUTH'>;
}

/** USER and PASS (RFC 1939 §7), AUTH PLAIN (RFC 5034). */
export function signInCommands(parts: SignInParts): SignInCommands {
  async function signIn(
    client: Client,
    address: string,
    password: string,
    mechanism: string,
  ): Promise<Outcome> {
    let outcome: Result<SignedIn, AuthFailure>;
    try {
      outcome = await parts.authenticator.signIn(
        { address, password, protocol: 'pop3', mechanism, remote: client.remoteAddress },
        client.log,
      );
    } catch (cause) {
      return errorReply({ kind: 'unavailable', cause }, client.log);
    }
    if (!outcome.ok) return authReply(outcome.error);
    const entered = parts.sessions.enter(outcome.value, 'pop3', client);
    // One has the maildrop, the others are told that they cannot: so many at once are none that anybody wants.
    if (!entered.ok) return refuse('This account has too many connections', 'IN-USE');
    const opened = await openMaildrop(parts, outcome.value.account);
    if (!opened.ok) {
      entered.value();
      if (opened.error.kind === 'inUse')
        return refuse('Another POP3 session has this maildrop open', 'IN-USE');
      return errorReply(opened.error, client.log);
    }
    const { count, octets } = opened.value.maildrop;
    const release = async () => {
      entered.value();
      await opened.value.release();
    };
    return okay(`${count} messages (${octets} octets)`, { kind: 'transaction', ...opened.value, release });
  }

  /** The initial response, or the client's answer to an empty challenge. */
  async function plainResponse(client: Client, initial: string | undefined): Promise<string | undefined> {
    if (initial !== undefined) return initial;
    client.writer.line('+ ');
    const line = await client.readLine();
    return line && decodeText(line);
  }

  return {
    user(client, _state, { name }) {
      if (!mayNamePassword(client, parts)) return tlsFirst;
      // The same for every name: who there is, is nobody's business.
      return okay('Send PASS', { kind: 'authorization', user: name });
    },
    pass(client, state, { password }) {
      if (!mayNamePassword(client, parts)) return tlsFirst;
      if (state.user === undefined) return refuse('Send USER first');
      return signIn(client, state.user, password, 'USER');
    },
    async auth(client, _state, { mechanism, initial }) {
      const allowed = mayNamePassword(client, parts);
      if (mechanism === undefined) {
        client.writer.ok('Mechanisms follow');
        if (allowed) client.writer.line('PLAIN');
        client.writer.end();
        return written;
      }
      if (mechanism !== 'PLAIN') return refuse('There is no such mechanism');
      if (!allowed) return tlsFirst;
      const response = await plainResponse(client, initial);
      if (response === undefined) return refuse('That was no response');
      if (response === '*') return refuse('Cancelled');
      const credentials = parsePlain(response);
      if (!credentials.ok) return refuse('That is no PLAIN response');
      const { authorizationId, authenticationId, password } = credentials.value;
      if (authorizationId !== '' && authorizationId !== authenticationId)
        return refuse('Nobody signs in for another', 'AUTH');
      return signIn(client, authenticationId, password, 'PLAIN');
    },
  };
}
