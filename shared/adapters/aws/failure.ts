import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { StoreUnavailable } from '../../ports/blob-store.ts';

/**
 * What a failed call says about its effect. 'refused': none, and asking again will not help. 'throttled' and 'notSent':
 * none, later it may work. 'doubtful': it may have happened, or may yet happen.
 */
export type FailureKind = 'refused' | 'throttled' | 'notSent' | 'doubtful';

/** A call that failed for good; `cause` is what the SDK or the network said last. */
export class ServiceFailure extends StoreUnavailable {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, what: string, cause: unknown) {
    super(`${what}: ${describe(cause)}`, { cause });
    this.name = 'ServiceFailure';
    this.kind = kind;
  }
}

interface SdkError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

const throttling = new Set([
  'BandwidthLimitExceeded',
  // Two writers on one new key of S3: neither was told who won.
  'ConditionalRequestConflict',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionConflictException',
  'TransactionInProgressException',
]);

/** The request never left: no address, nobody listening, or nothing to sign it with. */
const unsent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'CredentialsProviderError',
]);

/** 4xx answers that speak of the way, not of the request: S3 waited in vain for the rest of a body. */
const interrupted = new Set(['RequestTimeout', 'RequestTimeoutException', 'IncompleteBody']);

export function failureKind(cause: unknown): FailureKind {
  if (cause instanceof ServiceFailure) return cause.kind;
  // Thrown by this program before anything was sent: a bug, which no repetition mends.
  if (cause instanceof TypeError || cause instanceof RangeError) return 'refused';
  const { name, code, $metadata } = (cause ?? {}) as SdkError;
  if (throttling.has(String(name))) return 'throttled';
  if (unsent.has(String(code)) || unsent.has(String(name))) return 'notSent';
  if (interrupted.has(String(name))) return 'doubtful';
  const status = $metadata?.httpStatusCode;
  if (status === 429) return 'throttled';
  // A 4xx is an answer from the service itself; without a status, the answer was lost on the way.
  return status !== undefined && status >= 400 && status < 500 ? 'refused' : 'doubtful';
}

/** Whether this is the SDK's error of that name: classes would load the SDK, and differ between its copies. */
export const isNamed = (cause: unknown, name: string): boolean =>
  (cause as SdkError | undefined)?.name === name;

type ConditionFailure = Error & {
  /** What stands there, where it was asked for; the service may leave it out. */
  readonly Item?: Record<string, AttributeValue>;
};

/** Whether DynamoDB refused a write for its condition. */
export const isConditionFailure = (cause: unknown): cause is ConditionFailure =>
  isNamed(cause, 'ConditionalCheckFailedException');

function describe(cause: unknown): string {
  const { name, message } = (cause ?? {}) as SdkError;
  return (
    [name, message].filter((part) => typeof part === 'string' && part !== '').join(': ') || String(cause)
  );
}
