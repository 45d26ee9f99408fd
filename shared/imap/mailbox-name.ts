declare const brand: unique symbol;

/** A mailbox's full name: Unicode in NFC, levels separated by '/', a first level of "inbox" in any case folded to INBOX. */
export type MailboxName = string & { readonly [brand]: 'MailboxName' };

/** How names stand on the wire: RFC 3501 §5.1.3, or UTF-8 once rev2 or UTF8=ACCEPT is enabled (RFC 9051 §5.1). */
export type NameEncoding = 'modifiedUtf7' | 'utf8';

export const separator = '/';
export const inbox = 'INBOX' as MailboxName;

/** The name that a Unicode text means: NFC, INBOX folded. Every text is some name; whether it may be made is `nameFault`'s. */
export function mailboxName(text: string): MailboxName {
  const name = text.normalize('NFC').toWellFormed();
  return foldInbox(name) as MailboxName;
}

function foldInbox(name: string): string {
  if (name.length < 5 || !/^inbox(?:\/|$)/i.test(name)) return name;
  return `INBOX${name.slice(5)}`;
}

/**
 * A name as a client sent it. Forgiven: an '&' that starts no valid modified UTF-7 leaves the text as it is ("R&D"), and
 * raw UTF-8 is taken before it is enabled; both are what people see in other clients.
 */
export function decodeMailboxName(sent: string, encoding: NameEncoding): MailboxName {
  return mailboxName(decodeNameText(sent, encoding));
}

/** The same for a LIST pattern or reference, whose wildcards are plain characters here; nothing is folded. */
export function decodeNameText(sent: string, encoding: NameEncoding): string {
  if (encoding === 'utf8' || !sent.includes('&')) return sent.normalize('NFC').toWellFormed();
  return (decodeModifiedUtf7(sent) ?? sent).normalize('NFC').toWellFormed();
}

export const encodeMailboxName = (name: string, encoding: NameEncoding): string =>
  encoding === 'utf8' ? name : encodeModifiedUtf7(name);

/** RFC 3501 §5.1.3. Lone surrogates come out as U+FFFD. */
export function encodeModifiedUtf7(text: string): string {
  if (/^[ -%'-~]*$/.test(text)) return text;
  return text.toWellFormed().replace(/&|[^ -~]+/g, (run) => {
    if (run === '&') return '&-';
    const utf16 = Buffer.from(run, 'utf16le').swap16();
    return `&${utf16.toString('base64').replaceAll('/', ',').replace(/=+$/, '')}-`;
  });
}

/**
 * Undefined where it is none. Forgiven: ASCII in encoded form and a shift right after another, which RFC 3501 §5.1.3
 * forbids to write but which can mean only one thing.
 */
export function decodeModifiedUtf7(sent: string): string | undefined {
  let text = '';
  let at = 0;
  for (;;) {
    const shift = sent.indexOf('&', at);
    if (shift < 0) return text + sent.slice(at);
    const end = sent.indexOf('-', shift);
    if (end < 0) return undefined;
    text += sent.slice(at, shift);
    if (end === shift + 1) text += '&';
    else {
      const run = decodeRun(sent.slice(shift + 1, end));
      if (run === undefined) return undefined;
      text += run;
    }
    at = end + 1;
  }
}

/** One base64 run: whole UTF-16 units, nothing over but zero bits, no lone surrogate. */
function decodeRun(run: string): string | undefined {
  if (!/^[A-Za-z0-9+,]+$/.test(run)) return undefined;
  const base64 = run.replaceAll(',', '/');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.length % 2 !== 0) return undefined;
  if (bytes.toString('base64').replace(/=+$/, '') !== base64) return undefined;
  const text = bytes.swap16().toString('utf16le');
  return text.isWellFormed() ? text : undefined;
}

/** Longest name in UTF-8 octets. */
export const maxNameOctets = 1000;
/** Most levels of hierarchy. */
export const maxNameLevels = 50;

/** Why no mailbox of this name may be made: a sentence without its full stop; undefined where it may. RFC 9051 §5.1. */
export function nameFault(name: MailboxName): string | undefined {
  if (name === '') return 'Mailbox name is empty';
  if (Buffer.byteLength(name) > maxNameOctets) return 'Mailbox name is too long';
  // Net-Unicode (RFC 5198 §2): no C0 and C1 controls, no line and paragraph separators.
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(name)) return 'Mailbox name has a control character';
  const levels = name.split(separator);
  if (levels.includes('')) return 'Mailbox name has an empty level';
  if (levels.length > maxNameLevels) return 'Mailbox name has too many levels';
  return undefined;
}

/** The names of the levels above, outermost first: a/b/c gives a, a/b. */
export function levelsAbove(name: MailboxName): MailboxName[] {
  const above: MailboxName[] = [];
  for (let at = name.indexOf(separator); at >= 0; at = name.indexOf(separator, at + 1))
    above.push(name.slice(0, at) as MailboxName);
  return above;
}
