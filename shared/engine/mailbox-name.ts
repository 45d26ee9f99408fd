/** Mailboxes an account may have. */
export const maxMailboxes = 5000;
const maxNameBytes = 1000;
const maxLevels = 50;

/** Why a name cannot be a mailbox's, or undefined where it can. Names are Unicode, '/' between levels. */
export function checkMailboxName(name: string): string | undefined {
  if (name === '') return 'the name is empty';
  if (Buffer.byteLength(name) > maxNameBytes) return `names are at most ${maxNameBytes} bytes`;
  const levels = name.split('/');
  if (levels.includes('')) return 'a level of the name is empty';
  if (levels.length > maxLevels) return `names have at most ${maxLevels} levels`;
  // Control and line-breaking characters would be invisible or break displays (RFC 9051 §5.1, RFC 5198).
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/u.test(name)) return 'the name has a control character';
  if (!name.isWellFormed()) return 'the name is not Unicode';
  // Case decides nothing for INBOX alone (RFC 9051 §5.1); a second "Inbox" would hide the first.
  if (name.toUpperCase() === 'INBOX' && name !== 'INBOX') return 'INBOX is always upper case';
  return undefined;
}
