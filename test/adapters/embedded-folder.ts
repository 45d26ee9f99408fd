import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext } from 'node:test';
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
export const testFolder = (t: TestContext): Promise<TestFolder> => folderUntil((end) => t.after(end));

/** Two stores on one data folder for a whole suite, opened by the first who asks. */
export function sharedFolder(): () => Promise<{
  readonly store: EmbeddedStore;
  readonly other: EmbeddedStore;
}> {
  let end = async (): Promise<void> => {};
  after(() => end());
  const make = async () => {
    const { open } = await folderUntil((clean) => {
      end = clean;
    });
    return { store: await open(), other: await open() };
  };
  let made: ReturnType<typeof make> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

async function folderUntil(onEnd: (clean: () => Promise<void>) => void): Promise<TestFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'restante-store-'));
  const stores: EmbeddedStore[] = [];
  onEnd(async () => {
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
