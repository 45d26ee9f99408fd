import { Hono } from 'hono';
import type { Log } from '../../../shared/telemetry/log.ts';
import { type Metrics, metricsContentType } from '../../../shared/telemetry/metrics.ts';

/** Whether new clients are welcome: everything is up, the store answers, and nobody has asked the process to end. */
export type Welcome = 'ready' | 'notReady' | 'draining';

const welcomes: Readonly<Record<Welcome, readonly [text: string, status: 200 | 503]>> = {
  ready: ['ready\n', 200],
  notReady: ['not ready\n', 503],
  draining: ['draining\n', 503],
};

export interface HealthParts {
  readonly welcome: () => Promise<Welcome>;
  /** How to connect, as an HTML page. */
  readonly page: () => string;
  /** PEM, where the server's certificate is signed by an authority of its own. */
  readonly authority: (() => Promise<Uint8Array>) | undefined;
  /** Of this process. */
  readonly metrics: Metrics;
  /** The page of all processes, where there are several. */
  readonly metricsPage?: () => Promise<string>;
  readonly log: Log;
}

/** The page has a style of its own and nothing else. */
const pageHeaders = {
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** What a person, a load balancer and Prometheus ask of the HTTP port. */
export function createHealthApp(parts: HealthParts): Hono {
  const { welcome, page, authority, metrics, log, metricsPage = async () => metrics.render() } = parts;
  const app = new Hono();
  const requests = metrics.counter('restante_http_requests_total', 'HTTP requests answered', [
    'route',
    'status',
  ]);

  app.use(async (c, next) => {
    const start = performance.now();
    await next();
    const route = c.res.status === 404 ? 'none' : c.req.path;
    requests.add({ route, status: String(c.res.status) });
    const ms = Math.round(performance.now() - start);
    log.debug({ event: 'http.request', method: c.req.method, route, status: c.res.status, ms });
  });
  app.get('/healthz', (c) => c.text('ok\n'));
  app.get('/readyz', async (c) => c.text(...welcomes[await welcome()]));
  app.get('/metrics', async (c) => c.body(await metricsPage(), 200, { 'content-type': metricsContentType }));
  app.get('/', (c) => c.html(page(), 200, pageHeaders));
  if (authority !== undefined)
    app.get('/ca.crt', async (c) =>
      c.body(new Uint8Array(await authority()), 200, {
        'content-type': 'application/x-x509-ca-cert',
        'content-disposition': 'attachment; filename="restante-ca.crt"',
      }),
    );
  app.onError((cause, c) => {
    log.error({ event: 'connection.fault', service: 'http', remote: '' }, cause);
    return c.text('internal error\n', 500);
  });
  return app;
}
