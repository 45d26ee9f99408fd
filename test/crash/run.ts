/** `npm run test:crash [-- --rounds 20] [--seed N] [--store aws]`: kills a loaded server again and again. The last line is the verdict; exit code 1 where it is bad. */
import { parseArgs } from 'node:util';
import { storeKind } from '../support/server-store.ts';
import { crashRounds } from './rounds.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    store: { type: 'string', default: 'embedded' },
  },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(seed)) {
  console.error('--rounds and --seed are whole numbers');
  process.exit(2);
}
const store = storeKind(values.store);
if (store === undefined) {
  console.error('--store is embedded or aws');
  process.exit(2);
}
/** Few enough for a kill within what follows a restart, many enough for one of the next compactions. */
const changes = [50, 1000] as const;
const start = performance.now();
const verdict = `crash: ${rounds} rounds on the ${store} store, seed ${seed}`;
try {
  const told = await crashRounds({ rounds, seed, changes, store, report: (line) => console.log(line) });
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(
    `${verdict}, ${seconds} s: passed; ${told.acknowledged} acknowledged changes kept, ${told.underWay} under way (${told.made} made, ` +
      `${told.repeated} deliveries repeated), ${told.within} rounds ended within a compaction, ${told.after} right after one, ` +
      `${told.compactions} in which one ended; ${told.messages} messages`,
  );
} catch (cause) {
  console.error(cause);
  console.log(`${verdict}: FAILED; ${(cause as Error).message}`);
  process.exitCode = 1;
}
