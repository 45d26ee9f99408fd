import { readdirSync, readFileSync } from 'node:fs';
import { type Recording, readRecording } from './recording.ts';

/** What is recorded, oldest first: 0.1.0, 0.1.0-2, … */
export const recordings: readonly Recording[] = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.jsonl'))
  .map((name) => name.slice(0, -'.jsonl'.length))
  .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  .map((name) => readRecording(readFileSync(new URL(`${name}.jsonl`, import.meta.url), 'utf8')));
export const newest: Recording = recordings.at(-1)!;
