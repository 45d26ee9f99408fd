import type { Store } from './context.ts';

/** How long the objects of a snapshot outlive it, by the kind of store, ms. */
export const replacedLifetime: Readonly<Record<Store['kind'], number>> = {
  // Backups copy the folder as a whole, log and objects together: replaced objects need to outlive readers only.
  embedded: 24 * 3600_000,
  // As long as point-in-time recovery reaches back: a table restored to any point of it still finds its objects.
  aws: 35 * 24 * 3600_000,
};
