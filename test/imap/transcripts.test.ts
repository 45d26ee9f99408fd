import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { openGround } from './test-server.ts';
import { play } from './transcript.ts';

const folder = new URL('transcripts/', import.meta.url);
const ground = await openGround();

const suffix = '.transcript';
for (const file of (await readdir(folder)).filter((name) => name.endsWith(suffix)).sort())
  test(file.slice(0, -suffix.length).replaceAll('-', ' '), { timeout: 20_000 }, () =>
    play(ground, new URL(file, folder)),
  );
