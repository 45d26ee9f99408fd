import { z } from 'zod';
import type { Operation } from './operation.ts';
import { problemView } from './schemas.ts';

type Json = Record<string, unknown>;

/** A schema, with those that have names put among the document's components. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', components: Json): Json {
  const { $schema: _, $defs, ...own } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json;
  const { id, ...rest } = own;
  const moved = (value: Json): Json =>
    JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;
  for (const [name, definition] of Object.entries(($defs as Json | undefined) ?? {})) {
    const { id: _id, ...plain } = definition as Json;
    components[name] = moved(plain);
  }
  if (typeof id !== 'string') return moved(rest);
  components[id] = moved(rest);
  return { $ref: `#/components/schemas/${id}` };
}

function parametersOf(from: 'path' | 'query', schema: z.ZodObject, components: Json): Json[] {
  return Object.entries(schema.shape).map(([name, member]) => {
    const { description, ...plain } = schemaOf(member as z.ZodType, 'input', components);
    const required = from === 'path';
    return { name, in: from, required, ...(description ? { description } : {}), schema: plain };
  });
}

const problemResponse = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'the same key with the same request, within a day, has the same answer and is made once',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

/** The OpenAPI 3.1 document of some operations. */
export function openApiDocument(operations: readonly Operation[], version: string): Json {
  const components: Json = {};
  schemaOf(problemView, 'output', components);
  const paths: Record<string, Json> = {};
  for (const one of operations) {
    const parameters = [
      ...parametersOf('path', one.params, components),
      ...parametersOf('query', one.query, components),
      ...(one.method === 'post' ? [idempotencyKey] : []),
    ];
    const answer =
      one.status === 204
        ? { description: 'Done' }
        : {
            description: 'Done',
            ...(one.location && {
              headers: {
                Location: {
                  description: 'the path of what was made',
                  required: true,
                  schema: { type: 'string' },
                },
              },
            }),
            content: { 'application/json': { schema: schemaOf(one.answer, 'output', components) } },
          };
    (paths[one.path] ??= {})[one.method] = {
      operationId: one.id,
      summary: one.summary,
      description: `Needs a key with the scope \`${one.scope}\`.`,
      'x-scope': one.scope,
      ...(parameters.length > 0 && { parameters }),
      ...(one.body && {
        requestBody: {
          required: true,
          content: { 'application/json': { schema: schemaOf(one.body, 'input', components) } },
        },
      }),
      responses: {
        [one.status]: answer,
        '4XX': problemResponse('Refused, and nothing was changed'),
        '5XX': problemResponse('Not done, or not known to be done: ask again'),
      },
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Restante administration',
      version,
      description:
        'Tenants, domains, accounts and aliases of a mail-access service. Errors are RFC 9457 problems.',
    },
    security: [{ key: [] }],
    paths,
    components: {
      schemas: components,
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key: rst_…' } },
    },
  };
}
