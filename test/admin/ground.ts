import type { TestContext } from 'node:test';
import type { Hono } from 'hono';
import { createAdminApp } from '../../services/admin/api/app.ts';
import { KeyRing } from '../../services/admin/api/key-ring.ts';
import { type Scope, scopes } from '../../services/admin/api/scopes.ts';
import { assemble, type Data } from '../../services/local/assemble.ts';
import type { Store } from '../../services/local/context.ts';
import { openEmbeddedStore } from '../../shared/adapters/embedded/store.ts';
import { type Log, silentLog } from '../../shared/telemetry/log.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { testClock } from '../support/test-clock.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON, looked into by assertions
  readonly body: any;
}

export interface AdminGround {
  readonly app: Hono;
  readonly data: Data;
  readonly keys: KeyRing;
  readonly clock: ReturnType<typeof testClock>;
  /** Makes a key and gives its token. */
  key(granted?: readonly Scope[], tenant?: string): Promise<string>;
  ask(
    method: string,
    path: string,
    token?: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply>;
}

/** The admin API on a store of its own. */
export async function adminGround(t: TestContext, open = openFolder): Promise<AdminGround> {
  const clock = testClock();
  const data = assemble(await open(clock.now), () => {});
  t.after(() => data.close());
  const log: Log = silentLog;
  const app = createAdminApp({
    data,
    hosts: { hostname: 'mail.example.test', mx: 'mx.example.test', spf: 'mx' },
    version: '0',
    log,
    entropy: clock,
  });
  const keys = new KeyRing(data.store.adminRecords, clock);
  return {
    app,
    data,
    keys,
    clock,
    key: async (granted = scopes, tenant = undefined) =>
      (await keys.add({ name: 'test', scopes: granted, tenant, expiresAt: undefined })).token,
    async ask(method, path, token, body, headers = {}) {
      const response = await app.request(path, {
        method,
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text === '' ? undefined : JSON.parse(text),
      };
    },
  };
}

const openFolder = async (now: () => number): Promise<Store> => ({
  kind: 'embedded',
  ...(await openEmbeddedStore({ folder: temporaryFolder(), now })),
});
