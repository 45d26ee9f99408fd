import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  /** What names the operation: `x-amz-target` of JSON services, `Action` of query ones. */
  readonly operation: string;
  readonly body: string;
}

export interface HttpRecorder {
  readonly endpoint: string;
  readonly requests: readonly RecordedRequest[];
  close(): Promise<void>;
}

type Reply = { readonly status?: number; readonly body: string };

/** A server that stands for whatever is called over HTTP: keeps what it was sent, and answers as it is told. */
export async function recordHttp(reply: (request: RecordedRequest) => Reply): Promise<HttpRecorder> {
  const requests: RecordedRequest[] = [];
  const server = createServer(async (message, response) => {
    let body = '';
    for await (const chunk of message) body += chunk;
    const target = message.headers['x-amz-target'];
    const operation =
      typeof target === 'string'
        ? target.split('.').at(-1)!
        : (new URLSearchParams(body).get('Action') ?? '');
    const request = { method: message.method ?? '', path: message.url ?? '', operation, body };
    requests.push(request);
    const answer = reply(request);
    const json = answer.body.startsWith('{');
    response.writeHead(answer.status ?? 200, {
      'content-type': json ? 'application/x-amz-json-1.1' : 'text/xml',
    });
    response.end(answer.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
