import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import type { Entropy } from '../../../shared/ids.ts';
import type { AdminRecords } from '../../../shared/ports/admin-records.ts';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Presented } from './key-ring.ts';
import { type Problem, problem } from './problem.ts';

/** The answer of a request that was made. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** How long an answer is given again. */
const answered = 24 * 3600_000;
/** After which a request that was begun and never answered may be made again: its server ended. */
const abandoned = 60_000;
const keyForm = /^[\x21-\x7e]{1,255}$/;

interface Kept {
  /** Of method, path and body, by `digestOf`. */
  readonly digest: string;
  readonly sealed?: string;
  /** No two beginnings have the same text. */
  readonly nonce?: string;
}

const hash = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

/**
 * Requests with an Idempotency-Key are made once, however often they come within a day; the first answer is given to all. Requests may
 * hold passwords, and answers those that are shown once: what is kept of both is made with the API key's secret, which the store does not
 * have.
 */
export class Idempotency {
  readonly #records: AdminRecords;
  readonly #entropy: Entropy;

  constructor(records: AdminRecords, entropy: Entropy) {
    this.#records = records;
    this.#entropy = entropy;
  }

  /** `replayed` where the answer is an earlier one. */
  async once(
    key: string,
    by: Presented,
    request: { readonly method: string; readonly path: string; readonly body: string },
    make: () => Promise<Answer>,
  ): Promise<Result<Answer & { readonly replayed: boolean }, Problem>> {
    if (!keyForm.test(key))
      return err(problem('malformed', 'Idempotency-Key is to be 1 to 255 visible ASCII characters'));
    const name = hash(by.key.id, key);
    const digest = digestOf([request.method, request.path, request.body], by.secret, name);
    const now = this.#entropy.now();
    const nonce = Buffer.from(this.#entropy.bytes(12)).toString('hex');
    const begun: Kept = { digest, nonce };
    const begins = await this.#records.addRecord({
      kind: 'answer',
      name,
      text: JSON.stringify(begun),
      expires: now + abandoned,
    });
    if (!begins) return await this.#again(name, digest, by);
    const answer = await make();
    // What went wrong here, or was too much at once, may go right the next time.
    if (answer.status >= 500 || answer.status === 429) await this.#records.removeRecord('answer', name);
    else
      await this.#records.putRecord({
        kind: 'answer',
        name,
        text: JSON.stringify({ digest, sealed: seal(answer, by.secret, name, this.#entropy) } satisfies Kept),
        expires: now + answered,
      });
    return ok({ ...answer, replayed: false });
  }

  async #again(
    name: string,
    digest: string,
    by: Presented,
  ): Promise<Result<Answer & { readonly replayed: boolean }, Problem>> {
    const record = await this.#records.record('answer', name);
    const kept = record && (JSON.parse(record.text) as Kept);
    if (kept !== undefined && kept.digest !== digest)
      return err(problem('keyReused', 'the Idempotency-Key came with another request before'));
    if (kept?.sealed === undefined)
      return err(problem('underWay', 'the first of these requests has no answer yet', { retryAfter: 1 }));
    return ok({ ...unseal(kept.sealed, by.secret, name), replayed: true });
  }
}

const cipher = 'aes-256-gcm';
const tagBytes = 16;
const ivBytes = 12;

const derivedKey = (secret: string, name: string, use: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, name, use, 32));

const sealingKey = (secret: string, name: string) => derivedKey(secret, name, 'restante idempotency');

/** Tells requests apart. A plain hash would let whoever reads the store, or a backup of it, try out passwords at leisure. */
const digestOf = (request: readonly string[], secret: string, name: string): string =>
  createHmac('sha256', derivedKey(secret, name, 'restante idempotency request'))
    .update(JSON.stringify(request))
    .digest('hex');

function seal(answer: Answer, secret: string, name: string, entropy: Entropy): string {
  const iv = entropy.bytes(ivBytes);
  const sealing = createCipheriv(cipher, sealingKey(secret, name), iv);
  const text = Buffer.concat([sealing.update(JSON.stringify(answer)), sealing.final()]);
  return Buffer.concat([iv, sealing.getAuthTag(), text]).toString('base64');
}

function unseal(sealed: string, secret: string, name: string): Answer {
  const bytes = Buffer.from(sealed, 'base64');
  const opening = createDecipheriv(cipher, sealingKey(secret, name), bytes.subarray(0, ivBytes));
  opening.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  const text = Buffer.concat([opening.update(bytes.subarray(ivBytes + tagBytes)), opening.final()]);
  return JSON.parse(text.toString()) as Answer;
}
