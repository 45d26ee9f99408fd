import { once } from 'node:events';
import { createServer } from 'node:http';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { ShowToken } from './order.ts';

export interface ChallengeServer {
  readonly port: number;
  readonly show: ShowToken;
  close(): void;
}

const path = '/.well-known/acme-challenge/';

/** Answers an authority that looks whether a name is ours (RFC 8555 §8.3), and nobody else. The error is one line. */
export async function openChallengeServer(
  host: string,
  port: number,
): Promise<Result<ChallengeServer, string>> {
  const shown = new Map<string, string>();
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, response) => {
    const { url = '' } = request;
    const content = url.startsWith(path) ? shown.get(url.slice(path.length)) : undefined;
    response.setHeader('connection', 'close');
    if (content === undefined || request.method !== 'GET') response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(content);
  });
  server.maxConnections = 100;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'the port is in use' : message;
    return err(`acme-port: cannot listen on ${host}:${port}: ${reason}`);
  }
  // Broken connections are nobody's fault here.
  server.on('error', () => {});
  return ok({
    port: (server.address() as { port: number }).port,
    show(token, content) {
      shown.set(token, content);
      return () => shown.delete(token);
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  });
}
