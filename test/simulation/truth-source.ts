import type { AccountId } from '../../shared/ids.ts';
import { understoodObject } from './release.ts';
import { Truth } from './truth.ts';
import type { World } from './world.ts';

/** The truth about one account: it looks into the world's store past the network, at what has changed since it looked last. */
export function truthFrom({ store, scheduler, proposals, faults }: World, id: AccountId): Truth {
  return new Truth(id, proposals, {
    now: () => scheduler.now,
    changed: () => {
      const positions = store.changed.get(id);
      store.changed.delete(id);
      return [...(positions ?? [])];
    },
    entry: (position) => store.entry(id, position),
    head: () => store.head(id),
    object: (key) => {
      const bytes = store.object(key);
      return bytes && understoodObject(key, bytes);
    },
    count: (what) => faults.count(what),
  });
}
