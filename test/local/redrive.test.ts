import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandContext } from '../../services/local/context.ts';
import type { Redriven } from '../../shared/adapters/aws/redrive.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const arn = 'arn:aws:sqs:eu-central-1:111122223333:inbound-Failed';

async function redriving(args: readonly string[], outcome: Partial<Redriven>) {
  const asked: Parameters<CommandContext['redrive']>[0][] = [];
  const redrive: CommandContext['redrive'] = async (options) => {
    asked.push(options);
    return { state: 'done', moved: 0, found: 0, reason: undefined, ...outcome };
  };
  const run = await runCommand(temporaryFolder(), ['redrive', ...args], undefined, { redrive });
  return { ...run, asked };
}

test('redrive says how many messages are tried again', async () => {
  const run = await redriving([arn, '--rate', '5', '--wait', '60'], { moved: 7, found: 7 });
  assert.equal(run.code, 0);
  assert.equal(run.stdout, '7 of about 7 messages are tried again.\n');
  assert.deepEqual(run.asked, [{ arn, rate: 5, waitMs: 60_000 }]);
});

test('redrive fails where the service does, with its reason', async () => {
  const run = await redriving([arn], { state: 'failed', moved: 1, found: 3, reason: 'AccessDenied' });
  assert.equal(run.code, 1);
  assert.match(run.stderr, /could not be moved: AccessDenied \(1 of about 3 were\)/);
});

for (const args of [['inbound-Failed'], ['arn:aws:sns:eu-central-1:111122223333:x'], [arn, '--rate', '501']])
  test(`redrive is not asked for ${args.join(' ')}`, async () => {
    const run = await redriving(args, {});
    assert.equal(run.code, 2);
    assert.deepEqual(run.asked, []);
  });
