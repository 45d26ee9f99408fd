import type { StorageClass } from '@aws-sdk/client-s3';

/** Smaller objects are never moved between tiers, and would be charged for being watched. */
const tieredBytes = 128 * 1024;

/** Where an object of this size is kept; undefined for the standard class. */
export const storageClassFor = (size: number): StorageClass | undefined =>
  size >= tieredBytes ? 'INTELLIGENT_TIERING' : undefined;
