import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

type Fetch = (request: Request) => Response | Promise<Response>;

/** One request of node:http through a fetch handler, which bounds the body that it reads. */
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
function toRequest(from: IncomingMessage): Request | undefined {
  const { url = '/', method = 'GET', headers } = from;
  const base = URL.parse(`http://${headers.host ?? 'localhost'}`);
  const target = url.startsWith('/') && base !== null ? URL.parse(base.origin + url) : null;
  if (target === null || !['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'].includes(method))
    return undefined;
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, [value].flat().join(', ')] as [string, string]],
  );
  if (method === 'GET' || method === 'HEAD') return new Request(target, { method, headers: pairs });
  const body = Readable.toWeb(from) as ReadableStream<Uint8Array>;
  return new Request(target, { method, headers: pairs, body, duplex: 'half' });
}
