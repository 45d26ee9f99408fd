import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  asciiDomain,
  parseDomain,
  printLocalPart,
  unquoteLocalPart,
} from '../../shared/directory/address.ts';
import type { DomainName } from '../../shared/ports/directory.ts';

/**
 * The Sender Rewriting Scheme: forwarded mail goes out under a sender in a domain of ours, so that it passes SPF, and what comes back to
 * that sender is led to the one before. `SRS0=HASH=DAY=domain=local@ours` stands for `local@domain`; where that is such an address of
 * another forwarder, `SRS1=HASH=host==HASH=DAY=domain=local@ours` leads back to the first of them. Only what carries our own hash is led on.
 */
export interface SenderRewriting {
  /** The sender under which mail goes out of `domain`; the null sender stays, and so does what is no address. */
  rewrite(sender: string, domain: string, now: number): string;
  /** Whom the local part of an address of ours stands for; undefined where it was not made here or is too old. */
  restore(localPart: string, now: number): string | undefined;
}

/** Reports come within days; later ones are somebody's who found the address. */
const validDays = 21;
const dayMs = 24 * 3600_000;
const base32 = 'abcdefghijklmnopqrstuvwxyz234567';
const dayNumbers = base32.length ** 2;
/** Of five bits each: what is guessed costs a billion attempts. */
const hashLength = 6;

const srs0 = /^srs0[-+=]([a-z2-7]{6})=([a-z2-7]{2})=([^=]+)=(.+)$/is;
const srs1 = /^srs1[-+=]([a-z2-7]{6})=([^=]+)=([-+=].+)$/is;
/** Those of others: their hashes have any length and alphabet. */
const foreignSrs0 = /^srs0([-+=].+)$/is;
const foreignSrs1 = /^srs1[-+=][^=]+=([^=]+)=([-+=].+)$/is;

/** Whether a local part claims to be one of these. */
export const claimsRewriting = (localPart: string): boolean => /^"?srs[01][-+=]/i.test(localPart);

const dayMark = (day: number): string =>
  base32[Math.floor((day % dayNumbers) / base32.length)]! + base32[day % base32.length]!;

function dayOf(mark: string): number {
  const [high = '', low = ''] = mark.toLowerCase();
  return base32.indexOf(high) * base32.length + base32.indexOf(low);
}

export function senderRewriting(secret: Uint8Array): SenderRewriting {
  /** Servers on the way may change the case of letters. */
  const hash = (...parts: readonly string[]): string => {
    const digest = createHmac('sha256', secret).update(parts.join('=').toLowerCase()).digest();
    return Array.from(digest.subarray(0, hashLength), (byte) => base32[byte & 31]).join('');
  };
  const fits = (given: string, ...parts: readonly string[]): boolean =>
    timingSafeEqual(Buffer.from(given.toLowerCase()), Buffer.from(hash(...parts)));

  return {
    rewrite(sender, domain, now) {
      const at = sender.lastIndexOf('@');
      const local = unquoteLocalPart(sender.slice(0, Math.max(at, 0)));
      const parsed = parseDomain(sender.slice(at + 1));
      if (at < 0 || local === undefined || !parsed.ok) return sender;
      // It becomes part of a local part, which not every server takes in other letters than ASCII's.
      const host = asciiDomain(parsed.value);
      const again = foreignSrs1.exec(local);
      const first = foreignSrs0.exec(local);
      const passedOn = again ? [again[1]!, again[2]!] : first && [host, first[1]!];
      if (passedOn) {
        const [firstHost = '', rest = ''] = passedOn;
        return `${printLocalPart(`SRS1=${hash('1', firstHost, rest)}=${firstHost}=${rest}`)}@${domain}`;
      }
      const mark = dayMark(Math.floor(now / dayMs));
      return `${printLocalPart(`SRS0=${hash('0', mark, host, local)}=${mark}=${host}=${local}`)}@${domain}`;
    },
    restore(localPart, now) {
      const text = unquoteLocalPart(localPart);
      if (text === undefined) return undefined;
      const first = srs0.exec(text);
      if (first) {
        const [, given = '', mark = '', host = '', local = ''] = first;
        if (!fits(given, '0', mark, host, local)) return undefined;
        const age = (Math.floor(now / dayMs) - dayOf(mark) + dayNumbers) % dayNumbers;
        return age <= validDays ? `${printLocalPart(local)}@${host}` : undefined;
      }
      const [, given, host = '', rest = ''] = srs1.exec(text) ?? [];
      if (given === undefined || !fits(given, '1', host, rest)) return undefined;
      return `${printLocalPart(`SRS0${rest}`)}@${host}`;
    },
  };
}

/** A mark of an account in what it forwards, by which its own mail is known when it comes back. */
export const loopMark = (secret: Uint8Array, account: string): string =>
  createHmac('sha256', secret).update(`loop ${account}`).digest('base64url').slice(0, 22);

/** The address in whose name this installation reports. */
export const reporter = (domain: DomainName | string): string => `mailer-daemon@${domain}`;

/** Whether an address is one, in whatever domain. */
export const isReporter = (address: string): boolean => /^mailer-daemon@/i.test(address);

/** Reports have no sender themselves, or a program's. */
export const sentByReporter = (sender: string): boolean =>
  sender === '' || isReporter(sender) || /^postmaster@/i.test(sender);
