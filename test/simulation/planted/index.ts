import {
  answerFromTheOwnOperation,
  aSignatureMissesAText,
  decideAGroupOnOneState,
  forgetTheFloor,
  highestModSeqPastAGhost,
  purgeWithoutAnEntry,
  refuseTheUnsettled,
  replacedObjectsGoAtOnce,
  reuseAUid,
  sweepBeforeListing,
  theSameBlobKeyTwice,
} from './engine-plants.ts';
import {
  changedRulesWithoutAVersion,
  correctTheClock,
  dropTheCondition,
  dropTheConditionOnSqlite,
  noWritersId,
  noWritersIdUnopened,
  retryByReDeciding,
  reuseATrimmedNumber,
  trimBeforeTheHeadMoves,
} from './log-plants.ts';
import type { Plant } from './plant.ts';
import { overtakeOthers, reuseTheEpoch } from './rebuild-plants.ts';
import { guessANewerVersion } from './release-plants.ts';

/** Faults that the simulation must find, lest it be believed for nothing. */
export const plants: readonly Plant[] = [
  dropTheCondition,
  dropTheConditionOnSqlite,
  reuseATrimmedNumber,
  noWritersId,
  noWritersIdUnopened,
  retryByReDeciding,
  decideAGroupOnOneState,
  answerFromTheOwnOperation,
  refuseTheUnsettled,
  highestModSeqPastAGhost,
  trimBeforeTheHeadMoves,
  purgeWithoutAnEntry,
  sweepBeforeListing,
  replacedObjectsGoAtOnce,
  theSameBlobKeyTwice,
  changedRulesWithoutAVersion,
  guessANewerVersion,
  reuseAUid,
  forgetTheFloor,
  aSignatureMissesAText,
  correctTheClock,
  reuseTheEpoch,
  overtakeOthers,
];

export const plantNamed = (name: string | undefined): Plant | undefined =>
  plants.find((plant) => plant.name === name);
