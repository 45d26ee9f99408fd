/** `npm run test:processes [-- --stages 4] [--seed N]`: several servers on one folder under load. The last line is the verdict; exit code 1 where it is bad. */
import { parseArgs } from 'node:util';
import { loadProcesses } from './stages.ts';

const { values } = parseArgs({
  options: { stages: { type: 'string', default: '4' }, seed: { type: 'string', default: '1' } },
});
const [stages, seed] = [Number(values.stages), Number(values.seed)];
if (!Number.isSafeInteger(stages) || stages < 1 || !Number.isSafeInteger(seed)) {
  console.error('--stages and --seed are whole numbers');
  process.exit(2);
}
const start = performance.now();
const verdict = `processes: three servers (one of two workers) on one folder, ${stages} stages, seed ${seed}`;
try {
  const told = await loadProcesses({ stages, seed, report: (line) => console.log(line) });
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(
    `${verdict}, ${seconds} s: passed; ${told.acknowledged} acknowledged changes, ${told.underWay} cut off (${told.made} made), ` +
      `${told.reads} reads at other processes, ${told.looks} looks of caches, ${told.commands} commands beside, ` +
      `a compaction under load in each stage, ${told.messages} messages`,
  );
} catch (cause) {
  console.error(cause);
  console.log(`${verdict}: FAILED; ${(cause as Error).message}`);
  process.exit(1);
}
