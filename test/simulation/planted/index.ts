import {
  answerFromTheOwnOperation,
  decideAGroupOnOneState,
  highestModSeqPastAGhost,
  purgeWithoutAnEntry,
  reuseAUid,
  sweepBeforeListing,
  theSameBlobKeyTwice,
} from './engine-plants.ts';
import {
  changedRulesWithoutAVersion,
  dropTheCondition,
  noWritersId,
  retryByReDeciding,
  reuseATrimmedNumber,
  trimBeforeTheHeadMoves,
} from './log-plants.ts';
import type { Plant } from './plant.ts';

/** Faults that the simulation must find, lest it be believed for nothing. */
export const plants: readonly Plant[] = [
  dropTheCondition,
  reuseATrimmedNumber,
  noWritersId,
  retryByReDeciding,
  decideAGroupOnOneState,
  answerFromTheOwnOperation,
  highestModSeqPastAGhost,
  trimBeforeTheHeadMoves,
  purgeWithoutAnEntry,
  sweepBeforeListing,
  theSameBlobKeyTwice,
  changedRulesWithoutAVersion,
  reuseAUid,
];

export const plantNamed = (name: string | undefined): Plant | undefined =>
  plants.find((plant) => plant.name === name);
