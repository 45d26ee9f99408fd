import { randomUUID } from 'node:crypto';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { ClientError, ClientRequest, ClientResponse, Transport } from './client.ts';

export interface HttpTransportOptions {
  /** Of the server, without `/v1`. */
  readonly url: string;
  /** `rst_…` */
  readonly key: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly sleep?: (ms: number) => Promise<void>;
}

const timeoutMs = 60_000;
/** A page of 500 accounts with all that they may have is a third of it. */
const maxAnswer = 32 * 1024 * 1024;
const attempts = 6;
/** What a server may ask to wait for, at most. */
const maxWaitMs = 10_000;

/**
 * Over HTTP with an API key. A request that the server asks to make again later is made again. So is one whose answer was lost, where that
 * changes nothing twice: all but the DELETEs, as POSTs carry an `Idempotency-Key`.
 */
export function httpTransport({
  url,
  key,
  fetch = globalThis.fetch,
  sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}: HttpTransportOptions): Transport {
  const once = async (
    { method, path, body }: ClientRequest,
    repeatKey: string,
  ): Promise<Result<ClientResponse & { readonly waitMs: number | undefined }, ClientError>> => {
    try {
      const response = await fetch(url + path, {
        method: method.toUpperCase(),
        headers: {
          authorization: `Bearer ${key}`,
          accept: 'application/json, application/problem+json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(method === 'post' && { 'idempotency-key': repeatKey }),
        },
        // Elsewhere is another server: it does not get the key.
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
        ...(body !== undefined && { body }),
      });
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      const waitMs = Number.isFinite(seconds) ? Math.min(seconds * 1000, maxWaitMs) : undefined;
      return ok({ status: response.status, body: await textOf(response), waitMs });
    } catch (cause) {
      return err({ kind: 'unreachable', message: `${url} cannot be asked: ${reasonOf(cause)}` });
    }
  };

  return async (request) => {
    const repeatKey = randomUUID();
    for (let attempt = 1; ; attempt++) {
      const outcome = await once(request, repeatKey);
      if (attempt === attempts) return outcome;
      if (!outcome.ok) {
        // Once more, and no oftener: a person waits.
        if (attempt > 1 || request.method === 'delete') return outcome;
      } else {
        const { status, waitMs } = outcome.value;
        const later = status === 429 || status === 503 || (status === 409 && waitMs !== undefined);
        if (!later) return outcome;
        await sleep(waitMs ?? 1000);
      }
    }
  };
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxAnswer) throw new Error(`the answer is longer than ${maxAnswer} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** `fetch failed` says nothing; what is behind it does. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === 'TimeoutError') return `no answer within ${timeoutMs / 1000} s`;
  const inner = cause.cause instanceof Error ? cause.cause : cause;
  const causes =
    inner instanceof AggregateError && inner.errors[0] instanceof Error ? inner.errors[0] : inner;
  return causes.message.replace(/\s+/g, ' ');
}
