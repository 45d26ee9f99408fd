import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { redrive } from '../../shared/adapters/aws/redrive.ts';

const arn = 'arn:aws:sqs:eu-central-1:111122223333:inbound-Failed';

/** A dead-letter queue, as far as moving goes: so many looks until a task has ended. */
function queue(depth: number, { looks = 2, fails = false, running = false } = {}) {
  const asked: { readonly name: string; readonly input: Record<string, unknown> }[] = [];
  let left = running ? looks : -1;
  const send = async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
    const { name } = command.constructor;
    asked.push({ name, input: command.input });
    switch (name) {
      case 'GetQueueUrlCommand':
        return { QueueUrl: 'https://sqs/inbound-Failed' };
      case 'GetQueueAttributesCommand':
        return { Attributes: { ApproximateNumberOfMessages: String(depth) } };
      case 'StartMessageMoveTaskCommand':
        left = looks;
        return { TaskHandle: 'handle' };
      default: {
        if (left < 0) return { Results: [] };
        const moved = Math.round((depth * (looks - left)) / looks);
        const Status = left > 0 ? 'RUNNING' : fails ? 'FAILED' : 'COMPLETED';
        const counts = { ApproximateNumberOfMessagesMoved: moved, ApproximateNumberOfMessagesToMove: depth };
        if (left > 0) left--;
        return { Results: [{ Status, ...counts, ...(fails && { FailureReason: 'AccessDenied' }) }] };
      }
    }
  };
  return { client: { send } as unknown as Pick<SQSClient, 'send'>, asked };
}

const options = { arn, waitMs: 60_000, sleep: async () => {} };
const started = (asked: readonly { readonly name: string }[]) =>
  asked.filter(({ name }) => name === 'StartMessageMoveTaskCommand').length;

test('what lies in the queue is moved back, and the end is waited for', async () => {
  const { client, asked } = queue(7);
  const outcome = await redrive(client, { ...options, rate: 10 });
  assert.deepEqual(outcome, { state: 'done', moved: 7, found: 7, reason: undefined });
  const start = asked.find(({ name }) => name === 'StartMessageMoveTaskCommand')!;
  assert.deepEqual(start.input, { SourceArn: arn, MaxNumberOfMessagesPerSecond: 10 });
});

test('an empty queue is left alone', async () => {
  const { client, asked } = queue(0);
  assert.equal((await redrive(client, options)).state, 'empty');
  assert.equal(started(asked), 0);
});

test('a task that is under way is waited for, not begun again', async () => {
  const { client, asked } = queue(5, { running: true });
  assert.equal((await redrive(client, options)).state, 'done');
  assert.equal(started(asked), 0);
});

test('a task that fails is told with its reason, and one that takes long goes on alone', async () => {
  const failing = await redrive(queue(3, { fails: true }).client, options);
  assert.deepEqual([failing.state, failing.reason], ['failed', 'AccessDenied']);
  const slow = await redrive(queue(3, { looks: 1000 }).client, { ...options, waitMs: 10_000 });
  assert.equal(slow.state, 'running');
});
