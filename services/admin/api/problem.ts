import { explainProvisioningError, type ProvisioningError } from '../../../shared/directory/provisioning.ts';

/** RFC 9457. `type` is `urn:restante:problem:KIND`; `retryAfter` goes into a field of the response, seconds. */
export interface Problem {
  readonly kind: ProblemKind;
  readonly detail: string;
  /** What is wrong with which member of the request. */
  readonly errors?: readonly { readonly path: string; readonly message: string }[];
  readonly retryAfter?: number;
}

const kinds = {
  malformed: [400, 'The request cannot be read'],
  unauthorized: [401, 'A valid API key is needed'],
  forbidden: [403, 'The key does not permit this'],
  notFound: [404, 'There is no such thing'],
  badMethod: [405, 'The method is not for this'],
  exists: [409, 'It exists already'],
  notEmpty: [409, 'It is still in use'],
  full: [409, 'There are as many as there may be'],
  underWay: [409, 'The same request is being answered'],
  tooLarge: [413, 'The request is too large'],
  notJson: [415, 'The body is to be JSON'],
  invalid: [422, 'The request is not valid'],
  keyReused: [422, 'The Idempotency-Key was used for another request'],
  tooMany: [429, 'Too many requests'],
  fault: [500, 'Something went wrong here'],
  busy: [503, 'Try again'],
} as const satisfies Record<string, readonly [number, string]>;

export type ProblemKind = keyof typeof kinds;

export const problemKinds = Object.keys(kinds) as readonly ProblemKind[];

export const statusOf = ({ kind }: Problem): (typeof kinds)[ProblemKind][0] => kinds[kind][0];

export const problem = (kind: ProblemKind, detail: string, more: Partial<Problem> = {}): Problem => ({
  kind,
  detail,
  ...more,
});

/** The body of the response, `application/problem+json`. */
export const problemBody = (of: Problem) => ({
  type: `urn:restante:problem:${of.kind}`,
  title: kinds[of.kind][1],
  status: statusOf(of),
  detail: of.detail,
  ...(of.errors && { errors: of.errors }),
});

export function fromProvisioning(error: ProvisioningError): Problem {
  const detail = explainProvisioningError(error);
  switch (error.kind) {
    case 'exists':
    case 'notFound':
    case 'notEmpty':
    case 'full':
      return problem(error.kind, detail);
    case 'busy':
      return problem('busy', detail, { retryAfter: 1 });
    default:
      return problem('invalid', detail);
  }
}
