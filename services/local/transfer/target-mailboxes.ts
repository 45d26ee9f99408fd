import type { Account } from '../../../shared/engine/account.ts';
import type { MailError } from '../../../shared/engine/mail-error.ts';
import { createMailbox } from '../../../shared/engine/mailbox-actions.ts';
import type { SpecialUse } from '../../../shared/engine/operation.ts';
import { ok, type Result } from '../../../shared/result.ts';
import { describeMailError } from '../describe-mail-error.ts';

/** What other programs call the mailboxes of RFC 6154. */
const usualNames: readonly (readonly [use: SpecialUse, names: readonly string[]])[] = [
  ['\\Sent', ['sent', 'sent items', 'sent messages', 'sent mail', 'sent-mail']],
  ['\\Drafts', ['drafts', 'draft']],
  ['\\Trash', ['trash', 'deleted', 'deleted items', 'deleted messages', 'bin']],
  ['\\Junk', ['junk', 'junk e-mail', 'junk email', 'spam', 'bulk mail']],
  ['\\Archive', ['archive', 'archives']],
];

const useOf = (name: string): SpecialUse | undefined =>
  usualNames.find(([, names]) => names.includes(name.toLowerCase()))?.[0];

/** Where the mailboxes of a source go: to the account's own of that name or that use, and to new ones where it has none. */
export class TargetMailboxes {
  readonly #account: Account;
  /** The only one in the source for a use, by use; undefined where there are several. */
  readonly #byUse = new Map<SpecialUse, string | undefined>();
  readonly #refused = new Map<string, string>();

  constructor(account: Account, names: ReadonlySet<string>) {
    this.#account = account;
    for (const name of names) {
      const use = useOf(name);
      if (use !== undefined) this.#byUse.set(use, this.#byUse.has(use) ? undefined : name);
    }
  }

  /**
   * The name in the account. One in other capitals is the same to a person (Sent and SENT are not two), and so is another word for the same
   * use (Spam for Junk) unless the source has both. What lies below goes along.
   */
  nameHere(name: string): string {
    const { mailboxes } = this.#account.state;
    if (mailboxes.named(name) !== undefined) return name;
    for (const other of mailboxes) if (other.name.toLowerCase() === name.toLowerCase()) return other.name;
    const [top = '', ...levels] = name.split('/');
    if (levels.length > 0) return [this.nameHere(top), ...levels].join('/');
    const use = useOf(name);
    if (use !== undefined && this.#byUse.get(use) === name)
      for (const other of mailboxes) if (other.specialUse === use) return other.name;
    return name;
  }

  /** Why messages for it cannot be taken; undefined where they can. */
  refusal(name: string): string | undefined {
    return this.#refused.get(name);
  }

  /** Makes the mailbox unless it is there. One that cannot be is remembered: its messages are what fails, not the whole import. */
  async make(name: string): Promise<Result<void, MailError>> {
    const here = this.nameHere(name);
    if (this.#account.state.mailboxes.named(here) !== undefined) return ok(undefined);
    const made = await this.#account.commit(createMailbox(here), { urgency: 'background' });
    if (made.ok || made.error.kind === 'mailboxExists') return ok(undefined);
    const { error } = made;
    if (error.kind !== 'badMailboxName' && error.kind !== 'limit') return made;
    this.#refused.set(name, `no mailbox ${JSON.stringify(name.slice(0, 80))}: ${describeMailError(error)}`);
    return ok(undefined);
  }
}
