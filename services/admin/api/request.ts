import type { Context } from 'hono';
import type { z } from 'zod';
import { err, ok, type Result } from '../../../shared/result.ts';
import type { Operation } from './operation.ts';
import { type Problem, problem } from './problem.ts';

/** A request as its operation's schemas have it. */
export interface Checked {
  readonly params: Record<string, string>;
  readonly query: Record<string, unknown>;
  readonly body: Record<string, unknown> | undefined;
}

function check<T>(schema: z.ZodType<T>, value: unknown, where: string): Result<T, Problem> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const errors = parsed.error.issues
    .slice(0, 20)
    .map(({ path, message }) => ({ path: [where, ...path].join('.'), message }));
  return err(problem('invalid', `the ${where} is not as it should be`, { errors }));
}

export async function readRequest(c: Context, one: Operation): Promise<Result<Checked, Problem>> {
  const params = check(one.params, c.req.param(), 'path');
  if (!params.ok) return params;
  const query = check(one.query, c.req.query(), 'query');
  if (!query.ok) return query;
  const checked = { params: params.value as Record<string, string>, query: query.value };
  if (one.body === undefined) return ok({ ...checked, body: undefined });
  if (!/^application\/json\b/i.test(c.req.header('content-type') ?? ''))
    return err(problem('notJson', 'send Content-Type: application/json'));
  let json: unknown;
  try {
    json = JSON.parse(await c.req.text());
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    return err(problem('malformed', 'the body is not JSON'));
  }
  const body = check(one.body, json, 'body');
  return body.ok ? ok({ ...checked, body: body.value }) : body;
}
