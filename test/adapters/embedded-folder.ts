import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  type EmbeddedStore,
  type EmbeddedStoreOptions,
  openEmbeddedStore,
} from '../../shared/adapters/embedded/store.ts';

export interface TestFolder {
  readonly folder: string;
  /** Another store on the folder. */
  open(options?: Omit<EmbeddedStoreOptions, 'folder'>): Promise<EmbeddedStore>;
}

/** A data folder for one test; its stores are closed and it is deleted when the test ends. */
export async function testFolder(t: TestContext): Promise<TestFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'restante-store-'));
  const stores: EmbeddedStore[] = [];
  t.after(async () => {
    await Promise.allSettled(stores.map((store) => store.close()));
    await rm(folder, { recursive: true, force: true });
  });
  return {
    folder,
    async open(options) {
      const store = await openEmbeddedStore({ folder, ...options });
      stores.push(store);
      return store;
    },
  };
}
