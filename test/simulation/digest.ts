import type { AccountState } from '../../shared/engine/state.ts';
import { stateDigest } from '../../shared/engine/state-digest.ts';

const known = new WeakMap<AccountState, string>();

/** Everything that a state says, as text; found once for each state. */
export function digestOf(state: AccountState): string {
  let text = known.get(state);
  if (text === undefined) {
    text = stateDigest(state);
    known.set(state, text);
  }
  return text;
}
