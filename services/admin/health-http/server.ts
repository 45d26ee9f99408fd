import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Hono } from 'hono';
import { err, ok, type Result } from '../../../shared/result.ts';
import { createHealthApp, type HealthParts } from './app.ts';
import { answer } from './node-http.ts';

export interface HealthServer {
  readonly service: 'http';
  readonly host: string;
  readonly port: number;
  /** Stops listening and cuts, after `graceMs`, who has not had the answer yet. */
  close(graceMs: number): Promise<void>;
}

const service = 'http';

const isAdmin = ({ url }: Request): boolean => /^\/(v1(\/|$)|openapi\.json$)/.test(new URL(url).pathname);

const maxConnections = 256;
const requestTimeoutMs = 30_000;

/** Opens the HTTP port. The error is one line that says why it cannot be opened. */
export async function startHealthHttp(
  parts: HealthParts & {
    readonly host: string;
    readonly port: number;
    /** The admin API, where it is answered here too. */
    readonly admin?: Pick<Hono, 'fetch'> | undefined;
  },
): Promise<Result<HealthServer, string>> {
  const { log } = parts;
  const app = createHealthApp(parts);
  const server = createServer(
    {
      headersTimeout: requestTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: 5_000,
      maxHeaderSize: 16 * 1024,
    },
    (from, to) => {
      // The client went away in the middle: there is nobody to tell.
      answer(
        (request) => (isAdmin(request) && parts.admin ? parts.admin : app).fetch(request),
        from,
        to,
      ).catch(() => to.destroy());
    },
  );
  server.maxConnections = maxConnections;
  const opened = Promise.withResolvers<Result<void, string>>();
  server.once('error', (cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'EADDRINUSE' ? 'the port is in use' : cause.message;
    opened.resolve(err(`${service}: cannot listen on ${parts.host}:${parts.port}: ${why}`));
  });
  server.listen({ host: parts.host, port: parts.port }, () => opened.resolve(ok(undefined)));
  const outcome = await opened.promise;
  if (!outcome.ok) return outcome;
  server
    .removeAllListeners('error')
    .on('error', (cause) => log.error({ event: 'listener.fault', service }, cause));
  const { address: host, port } = server.address() as AddressInfo;
  log.info({ event: 'listener.up', service, host, port, tls: 'none' });

  const close = async (graceMs: number): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
    log.info({ event: 'listener.closed', service, cut: 0 });
  };
  let closing: Promise<void> | undefined;
  return ok({ service, host, port, close: (graceMs) => (closing ??= close(graceMs)) });
}
