import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { startHealthHttp } from '../../services/admin/health-http/server.ts';
import { silentLog } from '../../shared/telemetry/log.ts';
import { createMetrics } from '../../shared/telemetry/metrics.ts';
import { type AdminGround, adminGround } from './ground.ts';

/** A server's HTTP port with the admin API on a store of its own. */
export async function served(t: TestContext): Promise<AdminGround & { readonly url: string }> {
  const ground = await adminGround(t);
  const http = await startHealthHttp({
    host: '127.0.0.1',
    port: 0,
    welcome: async () => 'ready',
    page: () => '',
    authority: undefined,
    metrics: createMetrics(),
    log: silentLog,
    // No two of its moments are the same, and nobody asks too often.
    admin: {
      fetch: (request) => {
        ground.clock.advance(50);
        return ground.app.fetch(request);
      },
    },
  });
  assert.ok(http.ok);
  t.after(() => http.value.close(0));
  return { ...ground, url: `http://127.0.0.1:${http.value.port}` };
}
