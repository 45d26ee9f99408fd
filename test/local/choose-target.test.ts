import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandContext, OpenStoreOptions } from '../../services/local/context.ts';
import type { StoreChoice } from '../../services/local/store-choice.ts';
import { err } from '../../shared/result.ts';
import { runCommand } from '../support/run-command.ts';

const production = {
  RESTANTE_STORE: 'aws',
  RESTANTE_LOG_TABLE: 'production-log',
  RESTANTE_DIRECTORY_TABLE: 'production-directory',
  RESTANTE_BUCKET: 'production',
};

/** What `restante verify OPTIONS` would open, and what was complained of instead. */
async function chosen(env: CommandContext['env'], options: readonly string[]) {
  const opened: StoreChoice[] = [];
  const openStore = async (choice: StoreChoice, _: OpenStoreOptions) => {
    opened.push(choice);
    return err('it is only asked for');
  };
  const { code, stderr } = await runCommand('/nowhere', ['verify', ...options], undefined, {
    env,
    openStore,
  });
  return { opened: opened[0], code, stderr };
}

test('--data is the folder that a command works on, whatever store the environment names', async () => {
  const { opened } = await chosen(production, ['--data', '/tmp/copy']);
  assert.deepEqual(opened, { kind: 'embedded', folder: '/tmp/copy' });
});

test('without it, the store of the environment counts for more than the folder of the environment', async () => {
  const { opened } = await chosen({ ...production, RESTANTE_DATA: '/tmp/copy' }, []);
  assert.ok(opened?.kind === 'aws' && opened.logTable === 'production-log', JSON.stringify(opened));
});

test('--data and what names a store on AWS are not taken together', async () => {
  for (const option of [
    ['--store', 'aws'],
    ['--log-table', 'other-log'],
  ]) {
    const { opened, code, stderr } = await chosen(production, ['--data', '/tmp/copy', ...option]);
    assert.deepEqual([opened, code], [undefined, 2]);
    assert.match(stderr, new RegExp(`--data and ${option[0]} exclude each other`));
  }
  const { opened } = await chosen(production, ['--data', '/tmp/copy', '--store', 'embedded']);
  assert.deepEqual(opened, { kind: 'embedded', folder: '/tmp/copy' });
});
