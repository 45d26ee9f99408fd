/** A process that appends with blobs until it is killed, and prints `ACCOUNT POSITION KEY SIZE` for each that is acknowledged. */
import { writeSync } from 'node:fs';
import { openEmbeddedStore } from '../../shared/adapters/embedded/store.ts';
import { type LogPosition, newAccountId, objectKey, systemEntropy } from '../../shared/ids.ts';
import { patternOf } from './pattern.ts';

const store = await openEmbeddedStore({ folder: process.argv[2]! });
const sizes = [100, 15_000, 131_072, 200_000];

async function deliver(): Promise<never> {
  const account = newAccountId(systemEntropy);
  for (let position = 1; ; position++) {
    const key = objectKey(account, 'm', systemEntropy);
    const size = sizes[position % sizes.length]!;
    await store.blobs.put(key, patternOf(key, size));
    const { kind } = await store.log.append({
      account,
      position: position as LogPosition,
      bytes: patternOf(`${account}${position}`, 300),
      blobs: [key],
      readAt: Date.now(),
    });
    if (kind !== 'done') throw new Error(`append answered ${kind}`);
    // At once and whole: what the parent reads was acknowledged before the kill.
    writeSync(1, `${account} ${position} ${key} ${size}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, deliver));
