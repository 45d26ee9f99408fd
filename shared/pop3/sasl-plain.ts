import { err, ok, type Result } from '../result.ts';

/** What a PLAIN message says (RFC 4616 §2). */
export interface PlainCredentials {
  /** Whose account is to be opened; empty for the user's own. */
  readonly authorizationId: string;
  readonly authenticationId: string;
  readonly password: string;
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Reads a response as it stands on the wire; `=` is the empty one (RFC 5034 §4). */
export function parsePlain(response: string): Result<PlainCredentials, 'badBase64' | 'badMessage'> {
  const text = response === '=' ? '' : response;
  if (!base64.test(text)) return err('badBase64');
  const [authorizationId, authenticationId, password, ...more] = Buffer.from(text, 'base64')
    .toString('utf8')
    .split('\0');
  if (!authenticationId || !password || authorizationId === undefined || more.length > 0)
    return err('badMessage');
  return ok({ authorizationId, authenticationId, password });
}
