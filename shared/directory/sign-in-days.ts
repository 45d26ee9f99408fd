import type { AccountRecord, Directory, Protocol } from '../ports/directory.ts';
import type { Log } from '../telemetry/log.ts';

/** Writes that are under way at most; who signs in beyond them is noted at the next sign-in. */
const atOnce = 100;

/**
 * Keeps the last day on which an account was signed in to, by protocol: one write a day for each, however often clients come back.
 * Best effort, and no sign-in waits for it.
 */
export class SignInDays {
  readonly #directory: Pick<Directory, 'noteSignIn'>;
  readonly #log: Log;
  readonly #underWay = new Set<string>();

  constructor(directory: Pick<Directory, 'noteSignIn'>, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  /** @param account as the sign-in has just read it; `now` in milliseconds. */
  note(account: AccountRecord, protocol: Protocol, now: number): void {
    const day = new Date(now).toISOString().slice(0, 10);
    const key = `${account.id} ${protocol}`;
    const known = account.lastSignIn?.[protocol];
    if ((known !== undefined && known >= day) || this.#underWay.has(key) || this.#underWay.size >= atOnce)
      return;
    this.#underWay.add(key);
    this.#directory
      .noteSignIn(account, protocol, day)
      .catch((cause: unknown) =>
        this.#log.warn({ event: 'auth.dayNotKept', protocol, account: account.id }, cause),
      )
      .finally(() => this.#underWay.delete(key));
  }
}
