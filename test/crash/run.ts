/** `npm run test:crash [-- --rounds 30] [--seed N]`: kills a loaded server again and again. The last line is the verdict; exit code 1 where it is bad. */
import { parseArgs } from 'node:util';
import { crashRounds } from './rounds.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' } },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(seed)) {
  console.error('--rounds and --seed are whole numbers');
  process.exit(2);
}
const start = performance.now();
const verdict = `crash: ${rounds} rounds, seed ${seed}`;
try {
  const told = await crashRounds({ rounds, seed, changes: [60, 400], report: (line) => console.log(line) });
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(
    `${verdict}, ${seconds} s: passed; ${told.acknowledged} acknowledged changes kept, ${told.underWay} under way (${told.made} made, ` +
      `${told.repeated} deliveries repeated), ${told.compactions} rounds with a compaction, ${told.messages} messages`,
  );
} catch (cause) {
  console.error(cause);
  console.log(`${verdict}: FAILED; ${(cause as Error).message}`);
  process.exitCode = 1;
}
