import { createHash, randomBytes } from 'node:crypto';

declare const brand: unique symbol;
type Branded<T, B extends string> = T & { readonly [brand]: B };

/** One person's whole mail store. 26 characters of Crockford base32, never reused. */
export type AccountId = Branded<string, 'AccountId'>;
/** The number of an entry in an account's log: 1, 2, 3 …; 0 is the empty log. */
export type LogPosition = Branded<number, 'LogPosition'>;
/** RFC 7162 mod-sequence: the epoch's base plus the log position. A safe integer. */
export type ModSeq = Branded<number, 'ModSeq'>;
/** RFC 9051 §2.3.1.1: unique within a mailbox and its UIDVALIDITY, 1 to 2^32-1. */
export type Uid = Branded<number, 'Uid'>;
/** RFC 9051 §2.3.1.2: a message's place in one session's numbering, from 1. */
export type SeqNum = Branded<number, 'SeqNum'>;
/** A mailbox within its account (RFC 8474 MAILBOXID); survives renames, never reused. */
export type MailboxId = Branded<number, 'MailboxId'>;
/** A message's number within its account, in order of arrival; all its copies share it. */
export type MessageNo = Branded<number, 'MessageNo'>;
/** RFC 8474 EMAILID, also the POP3 UIDL and the last part of the blob's key: 26 characters, sorts by time. */
export type EmailId = Branded<string, 'EmailId'>;
/** The place of an object in the blob store. Always starts with `accountPrefix(account)`. */
export type BlobKey = Branded<string, 'BlobKey'>;

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** 48 bits of time in milliseconds, then 80 random bits: sorts by time, does not repeat. */
function timeOrderedId(now: number, random: Uint8Array): string {
  let text = '';
  for (let shift = 45; shift >= 0; shift -= 5) text += alphabet[Math.floor(now / 2 ** shift) % 32];
  let bits = 0;
  let held = 0;
  for (const byte of random) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(held >>> (bits - 5)) & 31];
    held &= 31;
  }
  return text;
}

/** The 16 bytes that an id was made of: six of time, ten random. Throws where it was not made here. */
export function packTimeId(id: string): Uint8Array {
  const bytes = new Uint8Array(16);
  let time = 0;
  for (let i = 0; i < 10; i++) time = time * 32 + symbolAt(id, i);
  for (let i = 5; i >= 0; i--) {
    bytes[i] = time % 256;
    time = Math.floor(time / 256);
  }
  let bits = 0;
  let held = 0;
  let at = 6;
  for (let i = 10; i < 26; i++) {
    held = (held << 5) | symbolAt(id, i);
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at++] = held >>> bits;
    held &= (1 << bits) - 1;
  }
  if (id.length !== 26 || time > 0) throw new RangeError(`not an id: ${id}`);
  return bytes;
}

function symbolAt(id: string, place: number): number {
  const value = alphabet.indexOf(id[place] ?? '-');
  if (value < 0) throw new RangeError(`not an id: ${id}`);
  return value;
}

/** The id that `packTimeId` packed. */
export function unpackTimeId(bytes: Uint8Array): string {
  let time = 0;
  for (let i = 0; i < 6; i++) time = time * 256 + bytes[i]!;
  return timeOrderedId(time, bytes.subarray(6, 16));
}

/** Time and randomness, injected so that a simulation owns both. */
export interface Entropy {
  /** Milliseconds since 1970. */
  now(): number;
  bytes(count: number): Uint8Array;
}

export const systemEntropy: Entropy = { now: () => Date.now(), bytes: (count) => randomBytes(count) };

export const newEmailId = (e: Entropy): EmailId => timeOrderedId(e.now(), e.bytes(10)) as EmailId;
export const newAccountId = (e: Entropy): AccountId => timeOrderedId(e.now(), e.bytes(10)) as AccountId;

/** The arrival time that an id carries, in milliseconds since 1970. */
export function timeOfId(id: EmailId | AccountId): number {
  let time = 0;
  for (let i = 0; i < 10; i++) time = time * 32 + alphabet.indexOf(id[i] ?? '0');
  return time;
}

/** Everything an account owns in the blob store lies under this prefix; the hash spreads S3's load. */
export function accountPrefix(account: AccountId): string {
  return `${createHash('sha256').update(account).digest('hex').slice(0, 4)}/${account}/`;
}

/** The key of a message's exact bytes. */
export const messageKey = (account: AccountId, email: EmailId): BlobKey =>
  `${accountPrefix(account)}m/${email}` as BlobKey;

/** A fresh key for a spill object or a piece of a snapshot; `kind` is one short word. */
export const objectKey = (account: AccountId, kind: string, e: Entropy): BlobKey =>
  `${accountPrefix(account)}${kind}/${timeOrderedId(e.now(), e.bytes(10))}` as BlobKey;
