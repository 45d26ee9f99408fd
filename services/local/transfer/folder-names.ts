import { decodeModifiedUtf7, encodeModifiedUtf7, mailboxName } from '../../../shared/imap/mailbox-name.ts';

/** Longest name of a file that file systems take, in bytes. */
const longest = 255;

/**
 * A level of a mailbox's name as the name of a file: modified UTF-7 as Maildir++ has it, and no dot, which there parts the levels (and
 * could lead out of the folder).
 */
const encodeLevel = (level: string): string => encodeModifiedUtf7(level).replaceAll('.', '&AC4-');

const decodeLevel = (name: string): string => decodeModifiedUtf7(name) ?? name;

/** `Sent/2020` is `.Sent.2020` in Maildir++, INBOX the folder itself (''). Undefined where the file system has no such names. */
export function maildirFolder(mailbox: string): string | undefined {
  if (mailbox === 'INBOX') return '';
  const name = mailbox
    .split('/')
    .map((level) => `.${encodeLevel(level)}`)
    .join('');
  return name.length > longest ? undefined : name;
}

export const mailboxOfMaildirFolder = (folder: string): string =>
  mailboxName(
    folder
      .split('.')
      .filter((level) => level !== '')
      .map(decodeLevel)
      .join('/'),
  );

/** A folder that has one of these names in it is taken for a Maildir; in this form they are read back (RFC 3501 §5.1.3 forbids to write it). */
const notAsFolder: ReadonlyMap<string, string> = new Map([
  ['cur', '&AGM-ur'],
  ['new', '&AG4-ew'],
]);

/** `Sent/2020` is `Sent/2020.mbox` in a folder of mbox files. Undefined where the file system has no such names. */
export function mboxFile(mailbox: string): string | undefined {
  const above = mailbox.split('/');
  const last = above.pop() ?? '';
  const levels = [...above.map((level) => notAsFolder.get(level) ?? encodeLevel(level)), encodeLevel(last)];
  return levels.some((level) => level.length + '.mbox'.length > longest)
    ? undefined
    : `${levels.join('/')}.mbox`;
}

export const mailboxOfPath = (path: string): string =>
  mailboxName(path.split('/').map(decodeLevel).join('/'));

/** Levels are folders of the same name, or `NAME.sbd` (Thunderbird); `NAME.mbox` may be a folder that holds the file `mbox` (Apple Mail). */
export const mailboxOfMboxFile = (file: string): string =>
  mailboxOfPath(
    file
      .replace(/\.mbox\/mbox$/i, '')
      .replace(/\.mbox$/i, '')
      .replace(/\.(?:sbd|mbox)\//gi, '/'),
  );

/** The name below another mailbox: where an import is to go. INBOX of the source is that mailbox itself. */
export const below = (target: string, mailbox: string): string =>
  mailbox === 'INBOX' ? target : `${target}/${mailbox}`;
