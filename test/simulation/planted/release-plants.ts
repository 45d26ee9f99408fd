import { guessedEntry, guessedObject, readingBlobs, readingLog } from '../release.ts';
import type { Plant } from './plant.ts';

/** A node takes what a newer release wrote for its own, instead of stopping there. */
export const guessANewerVersion: Plant = {
  name: 'a newer version is guessed',
  within: 100,
  finds:
    /^(entry \d+ carries a wrong usage$|the snapshot at \d+ is not what the log says$|a node holds another state at |a client's copy is not what was there .*has the flags )/,
  log: (log, { release }) => (release === 'now' ? readingLog(log, guessedEntry, asItIs) : log),
  blobs: (blobs, { release }) => (release === 'now' ? readingBlobs(blobs, guessedObject, asItIs) : blobs),
};

const asItIs = (bytes: Uint8Array): Uint8Array => bytes;
