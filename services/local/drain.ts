import type { Guest } from '../../shared/net/guest.ts';
import type { RunningService } from './mail-services.ts';

export interface DrainTimes {
  /** For balancers to notice that this process is not to be given new clients, ms: until then all goes on as before. */
  readonly noticeMs: number;
  /** For clients to take their leave after that, ms. */
  readonly graceMs: number;
}

/** The time for farewells is divided into so many steps. */
const steps = 50;
/** In each of the first ones some of those who were there are asked to leave: if all did at once, all would come back at once. */
const waves = 40;
/** After these the ports close, and everybody else is asked. */
const stepsOpen = 45;

const guestsOf = (services: readonly RunningService[]): Guest[] => services.flatMap(({ guests }) => guests);

/**
 * Ends services without anybody losing what is under way. The ports stay open to the end, for whoever still comes, above all by a balancer
 * that has not noticed yet; who comes meanwhile is served. It is over before the time where nobody is left.
 */
export async function drain(
  services: readonly RunningService[],
  { noticeMs, graceMs }: DrainTimes,
  sleep: (ms: number) => Promise<unknown>,
): Promise<void> {
  if (noticeMs > 0) await sleep(noticeMs);
  const present = guestsOf(services);
  const perWave = Math.ceil(present.length / waves);
  for (let step = 0; step < stepsOpen && graceMs > 0 && guestsOf(services).length > 0; step++) {
    for (const guest of present.splice(0, perWave)) guest.leave('restart');
    await sleep(graceMs / steps);
  }
  for (const guest of guestsOf(services)) guest.leave('restartNow');
  await Promise.all(services.map((service) => service.close((graceMs * (steps - stepsOpen)) / steps)));
}
