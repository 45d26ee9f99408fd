import { argon2, timingSafeEqual } from 'node:crypto';

/** argon2id (RFC 9106) in PHC strings: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`, base64 without padding. */
export interface Argon2Cost {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** OWASP's second choice of equals: about 40 ms and 19 MB, whoever asks. */
export const defaultCost: Argon2Cost = { memory: 19_456, passes: 2, parallelism: 1 };

const saltBytes = 16;
const tagBytes = 32;
/** A stored string may not ask for more than this: a directory imported from elsewhere must not be able to stop the server. */
const maxMemory = 1024 * 1024;
const maxPasses = 64;

interface ParsedHash {
  readonly cost: Argon2Cost;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

const phc =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;

/** Undefined where the string is not argon2id, version 19, of a cost that is borne here. */
export function parsePasswordHash(text: string): ParsedHash | undefined {
  const [, m, t, p, salt = '', tag = ''] = phc.exec(text) ?? [];
  const cost = { memory: Number(m), passes: Number(t), parallelism: Number(p) };
  const borne =
    cost.parallelism >= 1 &&
    cost.memory >= 8 * cost.parallelism &&
    cost.memory <= maxMemory &&
    cost.passes >= 1 &&
    cost.passes <= maxPasses;
  return borne ? { cost, salt: Buffer.from(salt, 'base64'), tag: Buffer.from(tag, 'base64') } : undefined;
}

const unpadded = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64').replace(/=+$/, '');

export function printPasswordHash({ cost, salt, tag }: ParsedHash): string {
  const { memory, passes, parallelism } = cost;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

/** Computed on libuv's threads, not on the event loop. */
function derive(password: string, salt: Uint8Array, cost: Argon2Cost, tagLength: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parameters = { message: password, nonce: salt, tagLength, ...cost };
    argon2('argon2id', parameters, (cause, tag) => (cause ? reject(cause) : resolve(tag)));
  });
}

export async function hashPassword(
  password: string,
  cost: Argon2Cost,
  random: (count: number) => Uint8Array,
): Promise<string> {
  const salt = Buffer.from(random(saltBytes));
  return printPasswordHash({ cost, salt, tag: await derive(password, salt, cost, tagBytes) });
}

/** In constant time as far as the comparison goes. False where the hash is of no kind known here. */
export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const parsed = parsePasswordHash(hash);
  if (parsed === undefined) return false;
  const tag = await derive(password, parsed.salt, parsed.cost, parsed.tag.byteLength);
  return timingSafeEqual(tag, parsed.tag);
}

const maxPasswordBytes = 1024;

/**
 * A password as it is compared (the OpaqueString profile of RFC 8265 §4.2): NFC, every kind of space an ASCII one. Undefined
 * where it is empty, longer than 1,024 bytes, or has controls in it.
 */
export function preparePassword(text: string): string | undefined {
  if (text.length > maxPasswordBytes) return undefined;
  const prepared = text.normalize('NFC').replace(/\p{Zs}/gu, ' ');
  const fit =
    prepared !== '' && Buffer.byteLength(prepared) <= maxPasswordBytes && !/[\p{Cc}\p{Cs}]/u.test(prepared);
  return fit ? prepared : undefined;
}
