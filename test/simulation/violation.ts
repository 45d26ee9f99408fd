let first: Violation | undefined;

/** The system did what it must never do. The first one counts, whoever catches it. */
export class Violation extends Error {
  override readonly name = 'Violation';

  constructor(message: string) {
    super(message);
    first ??= this;
  }
}

/** The first violation since the last call. */
export function takeViolation(): Violation | undefined {
  const found = first;
  first = undefined;
  return found;
}

export const seenViolation = (): Violation | undefined => first;
