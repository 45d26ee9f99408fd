/** Sessions of a removed account may go on until maintenance has dropped its log, s. */
const sessionsEnd = 24 * 3600;
/** More mailboxes than they make in that time within the same seconds. */
const mailboxesMade = 1_000;

/**
 * What UIDVALIDITY of the next account at an address must be above (RFC 9051 §2.3.1.1), so that none comes again: not of those the removed account
 * gave out (up to `last`; where that cannot be read, what it began above), and not of those that its open sessions may yet give out, which are the time in seconds
 * or the next after the last. `now` in ms since 1970.
 */
export const floorAfter = (last: number, now: number): number =>
  Math.max(Math.floor(now / 1000) + sessionsEnd, last + mailboxesMade);
