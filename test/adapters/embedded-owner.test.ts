import assert from 'node:assert/strict';
import { chown, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { newAccountId, objectKey, systemEntropy } from '../../shared/ids.ts';
import { testFolder } from './embedded-folder.ts';

const skip = process.getuid?.() !== 0 && 'only root gives files away';
const [uid, gid] = [12_345, 23_456];

/** Whom the folder and all in it belong to, where not to the user of the test. */
async function foreign(folder: string): Promise<string[]> {
  const paths = [folder, ...(await readdir(folder, { recursive: true })).map((name) => join(folder, name))];
  const stats = await Promise.all(paths.map((path) => stat(path)));
  return paths.filter((_, i) => stats[i]?.uid !== uid || stats[i]?.gid !== gid);
}

const large = new Uint8Array(300_000);
const key = () => objectKey(newAccountId(systemEntropy), 'm', systemEntropy);

test('what root makes in the folder of another user belongs to that user', { skip }, async (t) => {
  const { folder, open } = await testFolder(t);
  await (await open()).close();
  await rm(join(folder, 'blobs'), { recursive: true });
  await chown(folder, uid, gid);
  await chown(join(folder, 'restante.db'), uid, gid);
  const store = await open();
  await store.blobs.put(key(), large);
  assert.deepEqual(await foreign(folder), []);
  assert.equal((await readdir(join(folder, 'blobs'))).length, 2);
});

test('in an empty folder of another user root makes a database of that user', { skip }, async (t) => {
  const { folder, open } = await testFolder(t);
  await chown(folder, uid, gid);
  await open();
  assert.deepEqual(await foreign(folder), []);
});
