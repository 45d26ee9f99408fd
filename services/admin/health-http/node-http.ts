import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

type Fetch = (request: Request) => Response | Promise<Response>;

/** One request of node:http through a fetch handler. Bodies of requests are not read: nothing here takes one. */
export async function answer(fetch: Fetch, from: IncomingMessage, to: ServerResponse): Promise<void> {
  const request = toRequest(from);
  if (request === undefined) {
    to.writeHead(400).end();
    return;
  }
  const response = await fetch(request);
  to.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body === null || from.method === 'HEAD') to.end();
  else await pipeline(Readable.fromWeb(response.body), to);
}

/** Undefined where the request line or the Host field is none that a URL could hold. */
function toRequest({ url = '/', method = 'GET', headers }: IncomingMessage): Request | undefined {
  const base = URL.parse(`http://${headers.host ?? 'localhost'}`);
  const target = url.startsWith('/') && base !== null ? URL.parse(base.origin + url) : null;
  if (target === null || !['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'].includes(method))
    return undefined;
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, [value].flat().join(', ')] as [string, string]],
  );
  return new Request(target, { method, headers: pairs });
}
