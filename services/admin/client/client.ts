import type { z } from 'zod';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Operation } from '../api/operation.ts';
import { operations } from '../api/operations/index.ts';
import { problemView } from '../api/schemas.ts';

type AnyOperation = (typeof operations)[number];
export type OperationId = AnyOperation['id'];
type Named<Id extends OperationId> = Extract<AnyOperation, { id: Id }>;

/** What an operation is asked with: its members in the path, its query, its body. */
export interface RequestOf<Id extends OperationId> {
  readonly params?: z.input<Named<Id>['params']>;
  readonly query?: Partial<z.output<Named<Id>['query']>>;
  readonly body?: z.input<Named<Id>['body']>;
}
export type AnswerOf<Id extends OperationId> = z.output<Named<Id>['answer']>;

type ListId = { [Id in OperationId]: AnswerOf<Id> extends Paged ? Id : never }[OperationId];
interface Paged {
  readonly items: readonly unknown[];
  readonly next: string | null;
}
type ItemOf<Id extends ListId> = Extract<AnswerOf<Id>, Paged>['items'][number];

/** Why there is no answer as it was wanted. */
export interface ClientError {
  /** A problem's kind (problem.ts), or: the server was not reached, or what answered is no admin API of this kind. */
  readonly kind: string;
  /** One line for a person. */
  readonly message: string;
}

export interface ClientRequest {
  readonly method: Operation['method'];
  /** With its query. */
  readonly path: string;
  /** JSON; undefined where there is none. */
  readonly body: string | undefined;
}

export interface ClientResponse {
  readonly status: number;
  readonly body: string;
}

/** How a request gets to the API. The error is that it did not. */
export type Transport = (request: ClientRequest) => Promise<Result<ClientResponse, ClientError>>;

/** The operations of the admin API for who asks them, in this process or over HTTP: the same ones, checked alike. */
export interface AdminClient {
  ask<Id extends OperationId>(id: Id, request?: RequestOf<Id>): Promise<Result<AnswerOf<Id>, ClientError>>;
  /** All pages of a list, or as many items as `most` says. */
  list<Id extends ListId>(
    id: Id,
    query?: RequestOf<Id>['query'],
    most?: number,
  ): Promise<Result<ItemOf<Id>[], ClientError>>;
}

type Members = Readonly<Record<string, unknown>>;
interface AnyRequest {
  readonly params?: Members;
  readonly query?: Members;
  readonly body?: unknown;
}

/** The most that a page may hold: schemas.ts. */
const pageItems = 500;

export function adminClient(send: Transport): AdminClient {
  const ask = async (
    id: string,
    { params, query, body }: AnyRequest,
  ): Promise<Result<unknown, ClientError>> => {
    const one: Operation = operations.find((operation) => operation.id === id)!;
    const response = await send({
      method: one.method,
      path: pathOf(one.path, params ?? {}) + queryOf(query ?? {}),
      body: one.body === undefined ? undefined : JSON.stringify(body ?? {}),
    });
    return response.ok ? read(one, response.value) : response;
  };
  const list = async (id: string, query: Members, most: number): Promise<Result<unknown[], ClientError>> => {
    const items: unknown[] = [];
    for (let after: string | undefined; items.length < most; ) {
      const limit = Math.min(pageItems, most - items.length);
      const page = await ask(id, { query: { ...query, limit, after } });
      if (!page.ok) return page;
      const { items: some, next } = page.value as Paged;
      items.push(...some);
      if (next === null) break;
      after = next;
    }
    return ok(items);
  };
  // Read by the operation's schema, an answer is of its type.
  return {
    ask: (id, request = {}) => ask(id, request) as never,
    list: (id, query = {}, most = Number.POSITIVE_INFINITY) => list(id, query, most) as never,
  };
}

const pathOf = (path: string, params: Members): string =>
  path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));

function queryOf(query: Members): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const pairs = given.map(([name, value]): [string, string] => [name, String(value)]);
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An answer as the operation's schema has it: a server that is something else is found out here, not later. */
function read(one: Operation, { status, body }: ClientResponse): Result<unknown, ClientError> {
  const foreign = err({
    kind: 'foreign',
    message: `what answers there (with ${status}) is no admin API of Restante's, or of another version`,
  });
  if (status === one.status) {
    if (status === 204) return ok({});
    const answer = one.answer.safeParse(parse(body));
    return answer.success ? ok(answer.data) : foreign;
  }
  const told = problemView.safeParse(parse(body));
  return told.success ? err(explain(told.data)) : foreign;
}

/** A problem in one line. */
function explain({ type, detail, errors = [] }: z.output<typeof problemView>): ClientError {
  const kind = type.slice(type.lastIndexOf(':') + 1);
  if (kind === 'unauthorized')
    return { kind, message: 'the server does not take the key: it is wrong, has expired or was revoked' };
  // The person wrote no path and no body.
  const reasons = errors.map(
    ({ path, message }) => `${path.replace(/^(path|query|body)\.?/, '')}: ${message}`,
  );
  return { kind, message: reasons.length === 0 ? detail : reasons.join('; ') };
}
