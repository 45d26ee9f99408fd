import type { ImapSession } from './session.ts';

/** RFC 9051 §7.2.2. What a client may use before it has signed in, and IDLE, for which fetchmail and older clients look only then. */
const always = ['IMAP4rev1', 'IMAP4rev2', 'LITERAL+', 'SASL-IR', 'ENABLE', 'ID', 'IDLE'];

/** What is worth knowing only after it. */
const afterSignIn = [
  'NAMESPACE',
  'UIDPLUS',
  'MOVE',
  'UNSELECT',
  'CHILDREN',
  'LIST-EXTENDED',
  'LIST-STATUS',
  'SPECIAL-USE',
  'CREATE-SPECIAL-USE',
  'ESEARCH',
  'SEARCHRES',
  'WITHIN',
  'SORT',
  'SORT=DISPLAY',
  'ESORT',
  'THREAD=ORDEREDSUBJECT',
  'THREAD=REFERENCES',
  'STATUS=SIZE',
  'BINARY',
  'MULTIAPPEND',
  'UTF8=ACCEPT',
  'CONDSTORE',
  'QRESYNC',
  'OBJECTID',
  'SAVEDATE',
  'PREVIEW',
  'QUOTA',
  'QUOTA=RES-STORAGE',
];

/** Whether passwords may be sent over this connection as it is. */
export const mayTakePasswords = ({ connection, service }: ImapSession): boolean =>
  connection.secure || service.options.allowPlaintextAuth;

/** What CAPABILITY says in the session's present state. */
export function capabilitiesOf(session: ImapSession): readonly string[] {
  const { connection, service, state } = session;
  if (state.kind !== 'notAuthenticated')
    return [...always, ...afterSignIn, `APPENDLIMIT=${service.options.appendLimit}`];
  const capabilities = [...always];
  if (!connection.secure && service.tls) capabilities.push('STARTTLS');
  capabilities.push(mayTakePasswords(session) ? 'AUTH=PLAIN' : 'LOGINDISABLED');
  return capabilities;
}
