import type { Result } from '../../shared/result.ts';

/** Why a question got no answer: AWS's own code (AccessDenied, NoSuchEntity …), or 'Unasked' where it could not be put. */
export interface AskFailure {
  readonly code: string;
  readonly message: string;
}

/** The AWS account that is looked at. Nothing here can change it. */
export interface Account {
  /** One read of one service's API, named as the AWS command line names them; the answer is the service's JSON. */
  ask(
    service: string,
    operation: ReadOperation,
    input?: Readonly<Record<string, unknown>>,
  ): Promise<Result<Json, AskFailure>>;
  /** Public DNS: name servers of a name, and who may issue certificates for it (RFC 8659); empty where there is no such record. */
  nameServers(name: string): Promise<readonly string[]>;
  certificateAuthorities(name: string): Promise<readonly string[]>;
}

export type ReadOperation = `get-${string}` | `describe-${string}` | `list-${string}`;

/** An answer's part: absent members read as undefined, however deep. */
export class Json {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }

  at(...path: readonly string[]): Json {
    let value = this.value;
    for (const name of path)
      value =
        typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
    return new Json(value);
  }

  get text(): string | undefined {
    return typeof this.value === 'string' ? this.value : undefined;
  }

  get number(): number | undefined {
    return typeof this.value === 'number' ? this.value : undefined;
  }

  get list(): readonly Json[] {
    return Array.isArray(this.value) ? this.value.map((item) => new Json(item)) : [];
  }
}
