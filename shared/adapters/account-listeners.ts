import type { AccountListener, AccountRecord } from '../ports/directory.ts';

/** Who is told of changed accounts. `first` is called when somebody begins to listen, `none` when nobody does any more. */
export class AccountListeners {
  readonly #listeners = new Set<{ readonly call: AccountListener }>();
  readonly #first: () => void;
  readonly #none: () => void;

  constructor({ first, none }: { readonly first: () => void; readonly none: () => void }) {
    this.#first = first;
    this.#none = none;
  }

  add(call: AccountListener): () => void {
    const entry = { call };
    this.#listeners.add(entry);
    if (this.#listeners.size === 1) this.#first();
    return () => {
      if (this.#listeners.delete(entry) && this.#listeners.size === 0) this.#none();
    };
  }

  tell(changed: Parameters<AccountListener>[0]): void {
    for (const { call } of [...this.#listeners]) call(changed);
  }
}

/** Whether a change is one that watchers are told of. */
export const concernsSessions = (
  change: Partial<Pick<AccountRecord, 'status' | 'protocols' | 'passwordHash'>>,
): boolean => change.status !== undefined || change.protocols !== undefined || 'passwordHash' in change;
