/** CAPABILITY to ID: what a session is opened with and told about (RFC 9051 §6.1–6.3.1, RFC 2971). */
import type { ArgReader } from '../arg-reader.ts';
import { decodeText } from '../characters.ts';
import type { Authenticate, CommandBody, Enable, Id, Login } from '../commands.ts';

/** A command without arguments. */
export const plain = <K extends CommandBody['kind']>(kind: K) => {
  return (r: ArgReader): { kind: K } => {
    r.end();
    return { kind };
  };
};

/** authenticate = "AUTHENTICATE" SP auth-type [SP initial-resp], RFC 9051 §6.2.2. */
export function authenticate(r: ArgReader): Authenticate {
  r.sp();
  const mechanism = r.word();
  let initialResponse: Uint8Array | undefined;
  if (r.tookSp()) {
    const sent = r.bytes.toString('latin1', r.at).trimEnd();
    r.at = r.bytes.length;
    initialResponse = sent === '=' ? new Uint8Array(0) : decodeBase64(sent);
    if (!initialResponse) r.fail('Initial response is not base64');
  }
  r.end();
  return { kind: 'authenticate', mechanism, initialResponse };
}

/** Base64 of RFC 4648 §4 with its padding (forgiven: without), nothing else; undefined where it is none. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const digits = text.replace(/=+$/, '').length;
  if (digits % 4 === 1 || (digits !== text.length && text.length % 4 !== 0)) return undefined;
  return Buffer.from(text, 'base64');
}

export function login(r: ArgReader): Login {
  r.sp();
  const user = r.astring();
  r.sp();
  const password = r.astring();
  r.end();
  return { kind: 'login', user, password };
}

/** Unknown capabilities are taken, RFC 5161 §3.1: clients send `ENABLE UTF8=ACCEPT` whether offered or not. */
export function enable(r: ArgReader): Enable {
  r.sp();
  const capabilities = [r.word()];
  while (r.tookSp()) capabilities.push(r.word());
  r.end();
  return { kind: 'enable', capabilities };
}

/** RFC 2971 §3.1 bounds: at most 30 fields. What exceeds it is cut, since refusing would only hurt the client. */
const maxIdFields = 30;

export function id(r: ArgReader): Id {
  r.sp();
  if (r.tookWord('NIL')) {
    r.end();
    return { kind: 'id', fields: undefined };
  }
  const fields = r.list((): readonly [string, string | undefined] => {
    const name = decodeText(r.string());
    r.sp();
    return [name, r.nstring()];
  });
  r.end();
  return { kind: 'id', fields: fields.slice(0, maxIdFields) };
}
