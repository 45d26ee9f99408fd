import { type Plan, runPlan } from './run.ts';

const kindOf = (violation: string): string => violation.replace(/[0-9a-z]{20,}|\d+/g, '#').slice(0, 60);

/**
 * A smaller plan that still ends in the same kind of violation: things that happen and faults are left out, in ever smaller groups,
 * until `deadline` (ms of the machine's clock).
 */
export async function shrink(plan: Plan, violation: string, deadline: number): Promise<Plan> {
  const kind = kindOf(violation);
  const stillFails = async (candidate: Plan): Promise<boolean> => {
    const found = (await runPlan(candidate)).violation;
    return found !== undefined && kindOf(found) === kind;
  };
  let best = plan;
  for (let n = plan.actions; n > 1; n = Math.floor(n / 2)) {
    const shorter = { ...best, actions: Math.min(best.actions, n) };
    if (Date.now() < deadline && (await stillFails(shorter))) best = shorter;
  }
  const numbers = Array.from({ length: best.actions }, (_, i) => i);
  best = await leaveOut(best, 'withoutActions', numbers, stillFails, deadline);
  const { faults } = await runPlan(best);
  return leaveOut(best, 'withoutFaults', faults, stillFails, deadline);
}

async function leaveOut(
  plan: Plan,
  what: 'withoutActions' | 'withoutFaults',
  numbers: readonly number[],
  stillFails: (candidate: Plan) => Promise<boolean>,
  deadline: number,
): Promise<Plan> {
  let best = plan;
  let left = numbers.filter((n) => !plan[what].has(n));
  for (let size = Math.ceil(left.length / 2); size >= 1 && left.length > 0; size = Math.floor(size / 2)) {
    for (let at = 0; at < left.length && Date.now() < deadline; ) {
      const group = left.slice(at, at + size);
      const candidate = { ...best, [what]: new Set([...best[what], ...group]) };
      if (await stillFails(candidate)) {
        best = candidate;
        left = left.filter((n) => !group.includes(n));
      } else at += size;
    }
  }
  return best;
}
