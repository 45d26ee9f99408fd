import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { commandNames } from '../../shared/imap/parse-command.ts';
import { openGround } from './test-server.ts';
import { play } from './transcript.ts';

const folder = new URL('transcripts/', import.meta.url);
const ground = await openGround();

const suffix = '.transcript';
for (const file of (await readdir(folder)).filter((name) => name.endsWith(suffix)).sort())
  test(file.slice(0, -suffix.length).replaceAll('-', ' '), { timeout: 20_000 }, () =>
    play(ground, new URL(file, folder)),
  );

test('every command is in a transcript that it succeeds in, in one where it is wrongly written, and in one where its state forbids it', async () => {
  const answers = new Map<string, Set<string>>();
  const forbidden = new Set<string>();
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(suffix))) {
    const lines = (await readFile(new URL(file, folder), 'utf8')).split('\n');
    const names = new Map<string, string>();
    for (const line of lines) {
      const [, tag, name] = /^C\d+[:&] (\w+) ((?:UID )?[A-Z]+)/i.exec(line) ?? [];
      if (tag !== undefined) names.set(tag, name!.toUpperCase());
      const [, answered, how] = /^S\d+: (\w+) (OK|NO|BAD)/.exec(line) ?? [];
      const command = names.get(answered ?? '');
      if (command === undefined) continue;
      answers.set(command, (answers.get(command) ?? new Set()).add(how!));
      if (/before-sign-in|signed-in-without|capability-changes|login-takes/.test(file) && how === 'BAD')
        forbidden.add(command.replace(/^UID /, ''));
    }
  }
  const withoutArguments = new Set(['NOOP', 'CHECK']);
  const always = new Set(['CAPABILITY', 'NOOP', 'LOGOUT', 'ID', 'APPEND']);
  for (const name of commandNames) {
    assert.ok(
      answers.get(name)?.has(name === 'SETQUOTA' ? 'NO' : 'OK'),
      `no transcript in which ${name} succeeds`,
    );
    const bare = name.replace(/^UID /, '');
    const wrong =
      answers.get(name)?.has('BAD') || answers.get(bare)?.has('BAD') || withoutArguments.has(name);
    assert.ok(wrong, `no transcript in which ${name} is wrongly written`);
    assert.ok(forbidden.has(bare) || always.has(bare), `no transcript in which its state forbids ${name}`);
  }
});
