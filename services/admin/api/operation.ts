import type { z } from 'zod';
import type { Result } from '../../../shared/result.ts';
import type { Data } from '../../local/assemble.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { MailHosts } from './dns-records.ts';
import type { ApiKey, KeyRing } from './key-ring.ts';
import type { Problem } from './problem.ts';
import type { Scope } from './scopes.ts';

/** What the operations work with. */
export interface AdminParts {
  readonly data: Pick<Data, 'engine' | 'provisioning' | 'store'>;
  readonly keys: KeyRing;
  readonly audit: AuditTrail;
  readonly hosts: MailHosts;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** One request, checked. */
export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly key: ApiKey;
  readonly parts: AdminParts;
  /** What the audit entry says beside the request. */
  readonly about: { tenant: string | undefined };
}

export type Method = 'get' | 'post' | 'patch' | 'delete';

/** An operation of the API: the application and its OpenAPI document are both made from these. */
export interface Operation {
  readonly id: string;
  readonly method: Method;
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly summary: string;
  readonly scope: Scope;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** Undefined where there is none. */
  readonly body: z.ZodObject | undefined;
  readonly status: 200 | 201 | 204;
  readonly answer: z.ZodType;
  /** Where what a 201 made is found: the segments after `/v1`. */
  readonly location?: (answer: never, params: never) => readonly string[];
  readonly handle: (call: Call<never, never, never>) => Promise<Result<unknown, Problem>>;
}

/** An operation whose types are known: what a client needs to ask it. */
export interface OperationOf<
  Id extends string,
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodObject,
  A extends z.ZodType,
> extends Operation {
  readonly id: Id;
  readonly params: P;
  readonly query: Q;
  /** `never` where there is none. */
  readonly body: B;
  readonly answer: A;
}

interface Definition<
  Id extends string,
  P extends z.ZodObject,
  Q extends z.ZodObject,
  B extends z.ZodObject,
  A extends z.ZodType,
> extends Pick<Operation, 'method' | 'path' | 'summary' | 'scope' | 'status'> {
  readonly id: Id;
  readonly params: P;
  readonly query: Q;
  readonly body?: B;
  readonly answer: A;
  readonly location?: (answer: z.output<A>, params: z.output<P>) => readonly string[];
  readonly handle: (
    call: Call<z.output<P>, z.output<Q>, z.output<B>>,
  ) => Promise<Result<z.input<A>, Problem>>;
}

/** Ties an operation's handler to its schemas. The handler's own types are forgotten: a list holds all kinds. */
export const operation = <
  const Id extends string,
  P extends z.ZodObject,
  Q extends z.ZodObject,
  A extends z.ZodType,
  B extends z.ZodObject = never,
>(
  definition: Definition<Id, P, Q, B, A>,
): OperationOf<Id, P, Q, B, A> =>
  ({ ...definition, body: definition.body }) as unknown as OperationOf<Id, P, Q, B, A>;
