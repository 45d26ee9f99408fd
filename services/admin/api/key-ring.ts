import { createHash, timingSafeEqual } from 'node:crypto';
import { type Entropy, newAccountId } from '../../../shared/ids.ts';
import type { AdminRecord, AdminRecords } from '../../../shared/ports/admin-records.ts';
import type { Page } from '../../../shared/ports/directory.ts';
import { type Scope, scopes } from './scopes.ts';

/** Who asks. The secret is known to the holder only; its SHA-256 is kept: it has 256 bits, no dictionary finds it. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The one tenant it is for; undefined for all. */
  readonly tenant: string | undefined;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
}

export type NewKey = Pick<ApiKey, 'name' | 'scopes' | 'tenant' | 'expiresAt'>;

/** A key as its holder proved it. */
export interface Presented {
  readonly key: ApiKey;
  readonly secret: string;
}

/** Id and secret; a deployment's secret store makes 69 small letters and digits at one go. */
const tokenForm = /^(?:rst_)?([0-9a-hj-km-np-tv-z]{26})_?([\w-]{43})$/;

const digest = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** The API keys: `rst_ID_SECRET`. */
export class KeyRing {
  readonly #records: AdminRecords;
  readonly #entropy: Entropy;

  constructor(records: AdminRecords, entropy: Entropy) {
    this.#records = records;
    this.#entropy = entropy;
  }

  /** The token is shown once and kept nowhere. */
  async add(wanted: NewKey): Promise<{ readonly key: ApiKey; readonly token: string }> {
    const key: ApiKey = { ...wanted, id: newAccountId(this.#entropy), createdAt: this.#entropy.now() };
    const secret = Buffer.from(this.#entropy.bytes(32)).toString('base64url');
    await this.#records.addRecord(recordOf(key, secret));
    return { key, token: `rst_${key.id}_${secret}` };
  }

  /** Whose token it is; undefined where it is nobody's, or not valid any more. */
  async presented(token: string): Promise<Presented | undefined> {
    const [, id, secret] = tokenForm.exec(token) ?? [];
    if (id === undefined || secret === undefined) return undefined;
    const record = await this.#records.record('key', id);
    if (record === undefined) return undefined;
    const { hash } = JSON.parse(record.text) as { readonly hash: string };
    if (!timingSafeEqual(digest(secret), Buffer.from(hash, 'hex'))) return undefined;
    return { key: keyOf(record), secret };
  }

  async key(id: string): Promise<ApiKey | undefined> {
    const record = await this.#records.record('key', id);
    return record && keyOf(record);
  }

  async keys(limit: number, after?: string, tenant?: string): Promise<Page<ApiKey>> {
    const { items, next } = await this.#records.records('key', limit, after, tenant);
    return { items: items.map(keyOf), next };
  }

  remove(id: string): Promise<boolean> {
    return this.#records.removeRecord('key', id);
  }

  /** A key for everything, where there is none at all yet; its token, or undefined. */
  async first(name: string): Promise<string | undefined> {
    if ((await this.keys(1)).items.length > 0) return undefined;
    return (await this.add({ name, scopes, tenant: undefined, expiresAt: undefined })).token;
  }

  /**
   * Takes a token made by the deployment for a key to everything, and ends the one that it had made before. False where it is none.
   * A key that was removed comes back as long as the deployment keeps its token.
   */
  async adopt(token: string): Promise<boolean> {
    const [, id, secret] = tokenForm.exec(token) ?? [];
    if (id === undefined || secret === undefined) return false;
    if (await this.presented(token)) return true;
    for (let after: string | undefined; ; ) {
      const { items, next } = await this.#records.records('key', 500, after);
      for (const { name, text } of items) {
        const { deployed } = JSON.parse(text) as { readonly deployed?: true };
        if (deployed && name !== id) await this.#records.removeRecord('key', name);
      }
      if (next === undefined) break;
      after = next;
    }
    const createdAt = this.#entropy.now();
    const key = { id, name: 'deployment', scopes, tenant: undefined, createdAt, expiresAt: undefined };
    await this.#records.addRecord(recordOf(key, secret, true));
    return true;
  }
}

const recordOf = (key: ApiKey, secret: string, deployed = false): AdminRecord => ({
  kind: 'key',
  name: key.id,
  text: JSON.stringify({ ...key, hash: digest(secret).toString('hex'), ...(deployed && { deployed }) }),
  expires: key.expiresAt,
  tenant: key.tenant,
});

function keyOf({ text }: AdminRecord): ApiKey {
  const { id, name, scopes, tenant, createdAt, expiresAt } = JSON.parse(text) as ApiKey;
  return { id, name, scopes, tenant, createdAt, expiresAt };
}
