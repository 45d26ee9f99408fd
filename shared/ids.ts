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
const alphabetOctets = Buffer.from(alphabet, 'latin1');

/** Octets of an id. */
export const idOctets = 26;

/**
 * Writes the id whose 16 bytes lie at `from` of `packed`: 48 bits of time in milliseconds as ten symbols, 80 random bits as sixteen. It
 * sorts by time, and does not repeat.
 */
export function writeTimeId(target: Uint8Array, at: number, packed: Uint8Array, from: number): void {
  const high = (packed[from]! << 16) | (packed[from + 1]! << 8) | packed[from + 2]!;
  const low = (packed[from + 3]! << 16) | (packed[from + 4]! << 8) | packed[from + 5]!;
  target[at] = alphabetOctets[high >>> 21]!;
  target[at + 1] = alphabetOctets[(high >>> 16) & 31]!;
  target[at + 2] = alphabetOctets[(high >>> 11) & 31]!;
  target[at + 3] = alphabetOctets[(high >>> 6) & 31]!;
  target[at + 4] = alphabetOctets[(high >>> 1) & 31]!;
  target[at + 5] = alphabetOctets[((high & 1) << 4) | (low >>> 20)]!;
  target[at + 6] = alphabetOctets[(low >>> 15) & 31]!;
  target[at + 7] = alphabetOctets[(low >>> 10) & 31]!;
  target[at + 8] = alphabetOctets[(low >>> 5) & 31]!;
  target[at + 9] = alphabetOctets[low & 31]!;
  let bits = 0;
  let held = 0;
  let to = at + 10;
  for (let i = from + 6; i < from + 16; i++) {
    held = (held << 8) | packed[i]!;
    for (bits += 8; bits >= 5; bits -= 5) target[to++] = alphabetOctets[(held >>> (bits - 5)) & 31]!;
    held &= 31;
  }
}

const scratch = Buffer.alloc(idOctets);

function timeOrderedId(now: number, random: Uint8Array): string {
  const packed = new Uint8Array(16);
  for (let i = 5, time = now; i >= 0; i--, time = Math.floor(time / 256)) packed[i] = time % 256;
  packed.set(random, 6);
  return unpackTimeId(packed);
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

/** The id that `packTimeId` packed, its 16 bytes at `from`. */
export function unpackTimeId(bytes: Uint8Array, from = 0): string {
  writeTimeId(scratch, 0, bytes, from);
  return scratch.toString('latin1');
}

/** Time and randomness, injected so that a simulation owns both. */
export interface Entropy {
  /** Milliseconds since 1970. */
  now(): number;
  bytes(count: number): Uint8Array;
}

/** Random bytes that are asked for together: each request of its own costs more than an id is worth. */
const pooledBytes = 4096;
let pool = Buffer.alloc(0);

function pooledRandom(count: number): Uint8Array {
  if (count > pool.length) pool = randomBytes(Math.max(pooledBytes, count));
  const bytes = new Uint8Array(pool.subarray(0, count));
  pool = pool.subarray(count);
  return bytes;
}

export const systemEntropy: Entropy = { now: () => Date.now(), bytes: pooledRandom };

export const newEmailId = (e: Entropy): EmailId => timeOrderedId(e.now(), e.bytes(10)) as EmailId;
export const newAccountId = (e: Entropy): AccountId => timeOrderedId(e.now(), e.bytes(10)) as AccountId;

/** Holds what waits to be sent on to addresses elsewhere. Not in the directory: nobody signs in to it, and mail finds it by no address. */
export const outboxAccount = '0'.repeat(26) as AccountId;

/** The arrival time that an id carries, in milliseconds since 1970. */
export function timeOfId(id: EmailId | AccountId): number {
  let time = 0;
  for (let i = 0; i < 10; i++) time = time * 32 + alphabet.indexOf(id[i] ?? '0');
  return time;
}

/** Prefixes that were made: each costs a hash, and every object's key begins with one. */
const prefixes = new Map<AccountId, string>();
const rememberedPrefixes = 4096;

/** Everything an account owns in the blob store lies under this prefix; the hash spreads S3's load. */
export function accountPrefix(account: AccountId): string {
  let prefix = prefixes.get(account);
  if (prefix === undefined) {
    prefix = `${createHash('sha256').update(account).digest('hex').slice(0, 4)}/${account}/`;
    if (prefixes.size >= rememberedPrefixes) prefixes.clear();
    prefixes.set(account, prefix);
  }
  return prefix;
}

/** The key of a message's exact bytes. */
export const messageKey = (account: AccountId, email: EmailId): BlobKey =>
  `${accountPrefix(account)}m/${email}` as BlobKey;

/** A fresh key for a spill object or a piece of a snapshot; `kind` is one short word. */
export const objectKey = (account: AccountId, kind: string, e: Entropy): BlobKey =>
  `${accountPrefix(account)}${kind}/${timeOrderedId(e.now(), e.bytes(10))}` as BlobKey;

/** The `kind` that a key was made with; 'm' for a message. */
export const kindOfKey = (key: string): string => key.split('/')[2] ?? '';
