import { ancestors } from '../../shared/engine/apply-mailboxes.ts';
import type { Mailbox } from '../../shared/engine/mailbox.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import type { List } from '../../shared/imap/commands.ts';
import type { MailboxAttribute } from '../../shared/imap/responses/mailbox.ts';

/** The names of an account's hierarchy: its mailboxes, and the levels above them that are only names. */
export class ListedNames {
  readonly mailboxes = new Map<string, Mailbox>();
  /** Names with mailboxes below them. */
  readonly parents = new Set<string>();

  constructor(state: AccountState) {
    for (const mailbox of state.mailboxes) {
      this.mailboxes.set(mailbox.name, mailbox);
      for (const above of ancestors(mailbox.name)) this.parents.add(above);
    }
  }

  /** All of them: INBOX first, then in ascending order. */
  sorted(): string[] {
    return sortNames(new Set([...this.mailboxes.keys(), ...this.parents]));
  }
}

/** INBOX first, then by code points; each name before those below it. */
export function sortNames(names: Iterable<string>): string[] {
  const key = (name: string) => (name === 'INBOX' ? '' : name.replaceAll('/', '\0'));
  return [...names]
    .map((name) => [key(name), name] as const)
    .sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
    .map(([, name]) => name);
}

/**
 * Attributes of a name (RFC 9051 §7.3.1, RFC 6154). A name that no mailbox has is \NonExistent, and \Noselect for clients that
 * know no other word for it (RFC 3501): who sends the extended form knows that the one implies the other (RFC 5258 §3).
 */
export function attributesOf(
  { parents }: ListedNames,
  name: string,
  mailbox: Mailbox | undefined,
  form: List['form'] = 'basic',
): MailboxAttribute[] {
  const attributes: MailboxAttribute[] = mailbox ? [] : ['\\NonExistent'];
  if (!mailbox && form === 'basic') attributes.push('\\Noselect');
  attributes.push(parents.has(name) ? '\\HasChildren' : '\\HasNoChildren');
  if (mailbox?.specialUse !== undefined) attributes.push(mailbox.specialUse);
  return attributes;
}
