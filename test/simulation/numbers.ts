import type { AccountState } from '../../shared/engine/state.ts';
import type { AccountId } from '../../shared/ids.ts';
import type { ModelAccount } from './model.ts';
import { Violation } from './violation.ts';

/** The numbers that an account gave out: none of RFC 9051 and RFC 7162 goes back or comes again. */
export class Numbers {
  readonly #account: AccountId;
  /** Emails that were ever in a mailbox, by UIDVALIDITY and UID: no UID may mean two. */
  readonly #meanings = new Map<number, Map<number, string>>();
  #lastUidValidity = 0;
  #firstUidValidity = Number.POSITIVE_INFINITY;
  /** Of the accounts that had the address before this one, and of those that came after it. */
  readonly #before: Numbers[] = [];
  readonly #after: Numbers[] = [];

  constructor(account: AccountId) {
    this.#account = account;
  }

  /** The address was another account's: what UIDVALIDITY that had, or its sessions yet give out, is below this one's (RFC 9051 §2.3.1.1). */
  follow(before: Numbers): void {
    this.#before.push(...before.#before, before);
    for (const one of this.#before) one.#after.push(this);
    this.#judgeAddress(this.#firstUidValidity);
  }

  judge(before: AccountState, state: AccountState, model: ModelAccount): void {
    for (const mailbox of state.mailboxes) {
      const older = before.mailboxes.get(mailbox.id);
      if (older === undefined) {
        if (mailbox.uidValidity <= this.#lastUidValidity) throw new Violation('a UIDVALIDITY came again');
        this.#lastUidValidity = mailbox.uidValidity;
        this.#firstUidValidity = Math.min(this.#firstUidValidity, mailbox.uidValidity);
        this.#judgeAddress(mailbox.uidValidity);
      } else if (
        older.uidValidity !== mailbox.uidValidity ||
        older.uidNext > mailbox.uidNext ||
        older.highestModSeq > mailbox.highestModSeq
      )
        throw new Violation(`the numbers of mailbox ${mailbox.id} went back`);
      if (older?.chunks === mailbox.chunks) continue;
      let meanings = this.#meanings.get(mailbox.uidValidity);
      if (meanings === undefined) {
        meanings = new Map();
        this.#meanings.set(mailbox.uidValidity, meanings);
      }
      for (const [uid, { email }] of model.mailboxes.get(mailbox.id)!.messages) {
        const meant = meanings.get(uid);
        if (meant === undefined) meanings.set(uid, email);
        else if (meant !== email)
          throw new Violation(`UID ${uid} of mailbox ${mailbox.id} means two messages`);
      }
    }
  }

  #judgeAddress(uidValidity: number): void {
    for (const one of this.#before.filter((one) => one.#lastUidValidity >= uidValidity))
      throw new Violation(
        `UIDVALIDITY ${uidValidity} is not above those of ${one.#account}, which had the address before`,
      );
    for (const one of this.#after.filter((one) => one.#firstUidValidity <= uidValidity))
      throw new Violation(
        `UIDVALIDITY ${uidValidity} is not below those of ${one.#account}, which has the address now`,
      );
  }
}
