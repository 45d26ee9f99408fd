import type { Plan } from './run.ts';

/** What the command was given cannot be meant. */
export class BadOption extends Error {
  override readonly name = 'BadOption';
}

export function wholeNumber(text: string, name: string, least = 0): number {
  const n = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(n) && n >= least) return n;
  throw new BadOption(`--${name} takes a whole number${least === 0 ? '' : ` from ${least} on`}, not ${text}`);
}

/** `seed:actions:actions left out:faults left out`; a planted fault has an option of its own. */
export function printPlan({ seed, actions, withoutActions, withoutFaults }: Plan): string {
  return `${seed}:${actions}:${[...withoutActions].join(',')}:${[...withoutFaults].join(',')}`;
}

export function readPlan(text: string): Plan {
  const parts = text.split(':');
  const [seed = '', actions = '', withoutActions = '', withoutFaults = ''] = parts;
  if (parts.length !== 4) throw new BadOption(`--replay takes what a violation printed, not ${text}`);
  const setOf = (numbers: string) =>
    new Set(numbers === '' ? [] : numbers.split(',').map((n) => wholeNumber(n, 'replay')));
  return {
    seed: wholeNumber(seed, 'replay'),
    actions: wholeNumber(actions, 'replay'),
    withoutActions: setOf(withoutActions),
    withoutFaults: setOf(withoutFaults),
  };
}
