import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { certificateSigningRequest } from '../../../shared/net/certificate.ts';
import { type AcmeConnection, type Answer, keyAuthorization } from './protocol.ts';

/** Shows an authority what it looks for at `/.well-known/acme-challenge/TOKEN` of a name; the returned function takes it away. */
export type ShowToken = (token: string, content: string) => () => void;

export interface OrderRequest {
  readonly names: readonly string[];
  readonly email: string | undefined;
  readonly accountKey: KeyObject;
  /** EC P-256, for the certificate. */
  readonly key: KeyObject;
  readonly show: ShowToken;
}

const problem = z.object({ type: z.string().optional(), detail: z.string().optional() }).optional();
const orderShape = z.object({
  status: z.string(),
  authorizations: z.array(z.string()).max(1000),
  finalize: z.string(),
  certificate: z.string().optional(),
  error: problem,
});
const authorizationShape = z.object({
  status: z.string(),
  identifier: z.object({ value: z.string() }),
  challenges: z.array(
    z.object({ type: z.string(), url: z.string(), token: z.string().optional(), error: problem }),
  ),
});

/** Looks so often, a second or more apart, whether something has been judged. */
const mostLooks = 120;

/**
 * A certificate for the names, by RFC 8555 with http-01: PEM, with its chain. The account is made where the authority does not know its key
 * yet; whoever runs this has agreed to the authority's terms. Throws an AcmeProblem, what the network says, or why a name was not proved.
 */
export async function orderCertificate(connection: AcmeConnection, request: OrderRequest): Promise<string> {
  const { names, email, accountKey, key, show } = request;
  const account = await connection.post(await connection.resource('newAccount'), {
    termsOfServiceAgreed: true,
    ...(email !== undefined && { contact: [`mailto:${email}`] }),
  });
  if (account.location === undefined) throw new Error('the authority names no account');
  connection.account = account.location;

  const made = await connection.post(await connection.resource('newOrder'), {
    identifiers: names.map((value) => ({ type: 'dns', value })),
  });
  const url = made.location;
  if (url === undefined) throw new Error('the authority names no order');
  const order = orderShape.parse(JSON.parse(made.text));
  for (const authorization of order.authorizations) await prove(connection, authorization, accountKey, show);

  const ready = await until(connection, url, orderShape, ({ status }) => status !== 'pending');
  if (ready.status === 'ready') {
    const csr = certificateSigningRequest(names, createPublicKey(key), key);
    await connection.post(ready.finalize, { csr: Buffer.from(csr).toString('base64url') });
  }
  const done = await until(connection, url, orderShape, ({ status }) =>
    ['valid', 'invalid'].includes(status),
  );
  if (done.certificate === undefined)
    throw new Error(`the order came to nothing: ${done.error?.detail ?? done.status}`);
  return (await connection.post(done.certificate, undefined)).text;
}

/** Has a name judged: it is ours where what is shown is found under it. */
async function prove(
  connection: AcmeConnection,
  url: string,
  accountKey: KeyObject,
  show: ShowToken,
): Promise<void> {
  const read = async () => authorizationShape.parse(JSON.parse((await connection.post(url, undefined)).text));
  const { status, challenges, identifier } = await read();
  if (status === 'valid') return;
  const challenge = challenges.find(({ type }) => type === 'http-01');
  if (challenge?.token === undefined)
    throw new Error(`the authority offers no http-01 for ${identifier.value}`);
  const hide = show(challenge.token, keyAuthorization(challenge.token, accountKey));
  try {
    await connection.post(challenge.url, {});
    const judged = await until(connection, url, authorizationShape, (one) => one.status !== 'pending');
    if (judged.status === 'valid') return;
    const why = judged.challenges.find(({ type }) => type === 'http-01')?.error?.detail;
    throw new Error(`${identifier.value} was not proved: ${why ?? judged.status}`);
  } finally {
    hide();
  }
}

/** Reads a resource until it is as wanted. */
async function until<T>(
  connection: AcmeConnection,
  url: string,
  shape: z.ZodType<T>,
  wanted: (value: T) => boolean,
): Promise<T> {
  for (let look = 0; look < mostLooks; look++) {
    const answer: Answer = await connection.post(url, undefined);
    const value = shape.parse(JSON.parse(answer.text));
    if (wanted(value)) return value;
    await connection.wait(answer);
  }
  throw new Error('the authority does not come to a judgement');
}
