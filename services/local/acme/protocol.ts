import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a certificate authority answers where it does not do as asked (RFC 8555 §6.7). */
export class AcmeProblem extends Error {
  /** Without `urn:ietf:params:acme:error:`. */
  readonly type: string;
  /** How long it wants to be left alone, ms; 0 where it does not say. */
  readonly retryAfter: number;

  constructor(status: number, type: string, detail: string, retryAfter: number) {
    super(`${status} ${type}: ${detail.slice(0, 500)}`);
    this.name = 'AcmeProblem';
    this.type = type;
    this.retryAfter = retryAfter;
  }
}

export interface Answer {
  readonly text: string;
  /** The resource's own URL, where the answer names one. */
  readonly location: string | undefined;
  /** ms; 0 where it does not say. */
  readonly retryAfter: number;
}

const requestLimit = 30_000;
const answerLimit = 1024 * 1024;
/** A nonce may have been used, or be too old; the authority gives a new one with its refusal (RFC 8555 §6.5). */
const nonceAttempts = 10;

const base64url = (value: string | Uint8Array): string => Buffer.from(value).toString('base64url');

/** The public key as RFC 7517 has it, its members in the order that RFC 7638 hashes. */
function jwkOf(key: KeyObject) {
  const { crv, kty, x, y } = createPublicKey(key).export({ format: 'jwk' });
  return { crv, kty, x, y };
}

/** What a challenge's token is answered with (RFC 8555 §8.1). */
export const keyAuthorization = (token: string, accountKey: KeyObject): string =>
  `${token}.${createHash('sha256')
    .update(JSON.stringify(jwkOf(accountKey)))
    .digest('base64url')}`;

function retryAfterOf(headers: Headers): number {
  const text = headers.get('retry-after') ?? '';
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : 0;
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > answerLimit) throw new Error('the authority answers with more than a megabyte');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Signed requests to a certificate authority (RFC 8555 §6). The account's key is EC P-256. */
export class AcmeConnection {
  readonly #accountKey: KeyObject;
  readonly #stop: AbortSignal;
  readonly #directoryUrl: string;
  #directory: Readonly<Record<string, unknown>> | undefined;
  #nonce: string | undefined;
  /** The account's URL, once it is known: it then signs in place of the key. */
  account: string | undefined;

  constructor(directory: string, accountKey: KeyObject, stop: AbortSignal) {
    this.#directoryUrl = directory;
    this.#accountKey = accountKey;
    this.#stop = stop;
  }

  /** The URL of a resource that every authority has: newAccount, newOrder, newNonce. */
  async resource(name: string): Promise<string> {
    this.#directory ??= JSON.parse(await textOf(await this.#fetch(this.#directoryUrl)));
    const url = this.#directory?.[name];
    if (typeof url !== 'string') throw new Error(`the authority's directory names no ${name}`);
    return url;
  }

  /** `undefined` as payload reads a resource (POST-as-GET, §6.3). Throws an AcmeProblem, or what the network says. */
  async post(url: string, payload: unknown): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      this.#nonce ??= await this.#newNonce();
      const response = await this.#fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/jose+json' },
        body: this.#signed(url, payload, this.#nonce),
      });
      this.#nonce = response.headers.get('replay-nonce') ?? undefined;
      const text = await textOf(response);
      const retryAfter = retryAfterOf(response.headers);
      if (response.ok) return { text, location: response.headers.get('location') ?? undefined, retryAfter };
      const problem = problemOf(response.status, text, retryAfter);
      if (problem.type !== 'badNonce' || attempt === nonceAttempts) throw problem;
    }
  }

  /** Waits as long as an answer asks, or a little. */
  wait({ retryAfter }: Answer): Promise<void> {
    const ms = Math.min(Math.max(retryAfter, 1000), 30_000);
    return sleep(ms, undefined, { signal: this.#stop, ref: false });
  }

  async #newNonce(): Promise<string> {
    const response = await this.#fetch(await this.resource('newNonce'), { method: 'HEAD' });
    const nonce = response.headers.get('replay-nonce');
    if (nonce === null) throw new Error('the authority gives no nonce');
    return nonce;
  }

  #signed(url: string, payload: unknown, nonce: string): string {
    const by = this.account === undefined ? { jwk: jwkOf(this.#accountKey) } : { kid: this.account };
    const head = base64url(JSON.stringify({ alg: 'ES256', ...by, nonce, url }));
    const body = payload === undefined ? '' : base64url(JSON.stringify(payload));
    const signature = sign('sha256', Buffer.from(`${head}.${body}`), {
      key: this.#accountKey,
      dsaEncoding: 'ieee-p1363',
    });
    return JSON.stringify({ protected: head, payload: body, signature: base64url(signature) });
  }

  #fetch(url: string, init: RequestInit = {}): Promise<Response> {
    const signal = AbortSignal.any([this.#stop, AbortSignal.timeout(requestLimit)]);
    // RFC 8555 §6.1 asks for a User-Agent.
    return fetch(url, { ...init, signal, headers: { 'user-agent': 'restante', ...init.headers } });
  }
}

function problemOf(status: number, text: string, retryAfter: number): AcmeProblem {
  let body: { type?: unknown; detail?: unknown } = {};
  try {
    body = JSON.parse(text) ?? {};
  } catch {
    // A proxy in between may answer with a page.
  }
  const type = typeof body.type === 'string' ? body.type : 'unknown';
  const detail = typeof body.detail === 'string' ? body.detail : '';
  return new AcmeProblem(status, type.slice(type.lastIndexOf(':') + 1), detail, retryAfter);
}
