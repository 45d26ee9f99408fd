import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { record } from './record.ts';
import { printRecording } from './recording.ts';

/**
 * Records what this release writes: `npm run record-logs [-- NAME]`. Later releases must read it for ever, so a file that is there is never
 * replaced; a release that changes a format, or what entries mean, adds its own, and so does a change between two releases, under a name
 * such as 0.1.0-2.
 */
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const name = process.argv[2] ?? version;
const file = new URL(`${name}.jsonl`, import.meta.url);
if (existsSync(file)) {
  console.error(`${name}.jsonl is there: what was written is kept as it is`);
  process.exit(1);
}
writeFileSync(file, printRecording(await record(name)));
console.log(`${name}.jsonl is written`);
