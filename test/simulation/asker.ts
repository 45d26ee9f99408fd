import { AsyncLocalStorage } from 'node:async_hooks';

/** The connection at which a node works just now: what is committed meanwhile was asked for there. Undefined for all else. */
export const asker = new AsyncLocalStorage<object>();
