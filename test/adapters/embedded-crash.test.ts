import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AccountId, BlobKey, LogPosition } from '../../shared/ids.ts';
import { bytesOf, gather } from '../contracts/bytes.ts';
import { testFolder } from './embedded-folder.ts';
import { patternOf } from './pattern.ts';

const load = fileURLToPath(new URL('./embedded-load.ts', import.meta.url));

for (const acknowledged of [1, 60, 150])
  test(`kill -9 after ${acknowledged} acknowledged appends loses none of them`, async (t) => {
    const { folder, open } = await testFolder(t);
    const lines: string[] = [];
    const child = spawn(process.execPath, [load, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (lines.length === acknowledged) child.kill('SIGKILL');
    }
    assert.deepEqual((await exited)[1], 'SIGKILL');
    assert.ok(lines.length >= acknowledged);

    const { log, blobs } = await open();
    for (const line of lines) {
      const [account, position, key, size] = line.split(' ') as [AccountId, string, BlobKey, string];
      const tail = await log.read(account, (Number(position) - 1) as LogPosition);
      assert.deepEqual(bytesOf(tail.entries[0]!.bytes), patternOf(`${account}${position}`, 300));
      const blob = await blobs.get(key);
      assert.deepEqual(await gather(blob!.body), patternOf(key, Number(size)));
    }
    // What was not acknowledged is there whole or not at all: each entry with its blob.
    for (const account of new Set(lines.map((line) => line.split(' ')[0] as AccountId))) {
      const { entries } = await log.read(account, 0 as LogPosition);
      assert.deepEqual(
        entries.map(({ position }) => position),
        entries.map((_, i) => i + 1),
      );
      const prefix = lines
        .find((line) => line.startsWith(account))!
        .split(' ')[2]!
        .split('/m/')[0]!;
      assert.ok((await blobs.list(prefix)).length >= entries.length);
    }
  });
