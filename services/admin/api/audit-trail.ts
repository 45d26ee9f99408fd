import type { Entropy } from '../../../shared/ids.ts';
import type { AdminRecords } from '../../../shared/ports/admin-records.ts';
import type { Page } from '../../../shared/ports/directory.ts';
import type { ApiKey } from './key-ring.ts';

/** Who changed what. */
export interface AuditEntry {
  /** RFC 3339. */
  readonly at: string;
  readonly key: Pick<ApiKey, 'id' | 'name'>;
  readonly operation: string;
  readonly params: Readonly<Record<string, string>>;
  /** The body, without secrets. */
  readonly request: unknown;
  readonly tenant: string | null;
  readonly outcome: 'begun' | 'done' | 'refused' | 'failed';
  readonly status: number | null;
}

/** Thirteen months: last year's changes can still be looked up. */
const kept = 400 * 24 * 3600_000;
const lastTime = 9_999_999_999_999;
const secrets: ReadonlySet<string> = new Set(['password']);

/**
 * The audit entries, newest first. An entry is written before the change is made and again with its outcome: a change without an
 * entry cannot be.
 */
export class AuditTrail {
  readonly #records: AdminRecords;
  readonly #entropy: Entropy;

  constructor(records: AdminRecords, entropy: Entropy) {
    this.#records = records;
    this.#entropy = entropy;
  }

  /** Writes that something is begun; what is returned says how it ended. */
  async begin(
    what: Pick<AuditEntry, 'operation' | 'params' | 'request'> & { readonly key: ApiKey },
  ): Promise<(end: Pick<AuditEntry, 'outcome' | 'status' | 'tenant'>) => Promise<void>> {
    const now = this.#entropy.now();
    const unique = Buffer.from(this.#entropy.bytes(6)).toString('hex');
    const name = `${String(lastTime - now).padStart(13, '0')}-${unique}`;
    const { id, name: keyName, tenant } = what.key;
    const begun: AuditEntry = {
      at: new Date(now).toISOString(),
      key: { id, name: keyName },
      operation: what.operation,
      params: what.params,
      request: withoutSecrets(what.request),
      tenant: tenant ?? null,
      outcome: 'begun',
      status: null,
    };
    const write = (entry: AuditEntry) =>
      this.#records.putRecord({
        kind: 'audit',
        name,
        text: JSON.stringify(entry),
        expires: now + kept,
        tenant: entry.tenant ?? undefined,
      });
    await write(begun);
    return (end) => write({ ...begun, ...end });
  }

  async entries(limit: number, after?: string, tenant?: string): Promise<Page<AuditEntry>> {
    const { items, next } = await this.#records.records('audit', limit, after, tenant);
    return { items: items.map(({ text }) => JSON.parse(text) as AuditEntry), next };
  }
}

function withoutSecrets(request: unknown): unknown {
  if (typeof request !== 'object' || request === null) return request;
  return Object.fromEntries(
    Object.entries(request).map(([name, value]) => [name, secrets.has(name) ? '(secret)' : value]),
  );
}
