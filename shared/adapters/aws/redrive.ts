import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListMessageMoveTasksCommand,
  type ListMessageMoveTasksResultEntry,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';

export interface RedriveOptions {
  /** Of a dead-letter queue. */
  readonly arn: string;
  /** Messages a second, 1 to 500; as fast as the service likes unless given. */
  readonly rate?: number | undefined;
  /** The longest wait for the end, ms. */
  readonly waitMs: number;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Redriven {
  /** 'running': it goes on without us. */
  readonly state: 'empty' | 'done' | 'running' | 'failed';
  readonly moved: number;
  /** How many there were, as far as the service knows. */
  readonly found: number;
  readonly reason: string | undefined;
}

const lookAgainMs = 2_000;

/**
 * Gives what lies in a dead-letter queue back to the queue that it came from, once its cause was mended. The service moves the messages; this
 * waits for the end. A task that is under way already is waited for, not begun again. Throws the SDK's errors.
 */
export async function redrive(
  client: Pick<SQSClient, 'send'>,
  { arn, rate, waitMs, sleep }: RedriveOptions,
): Promise<Redriven> {
  let task = await newestTask(client, arn);
  if (task?.Status !== 'RUNNING') {
    const found = await depth(client, arn);
    if (found === 0) return { state: 'empty', moved: 0, found, reason: undefined };
    const started = await client.send(
      new StartMessageMoveTaskCommand({ SourceArn: arn, MaxNumberOfMessagesPerSecond: rate }),
    );
    task = { Status: 'RUNNING', TaskHandle: started.TaskHandle, ApproximateNumberOfMessagesToMove: found };
  }
  for (let waited = 0; task?.Status === 'RUNNING' && waited < waitMs; waited += lookAgainMs) {
    await sleep(lookAgainMs);
    task = (await newestTask(client, arn)) ?? task;
  }
  const states = { RUNNING: 'running', CANCELLING: 'running', COMPLETED: 'done' } as const;
  return {
    state: states[task?.Status as keyof typeof states] ?? 'failed',
    moved: task?.ApproximateNumberOfMessagesMoved ?? 0,
    found: task?.ApproximateNumberOfMessagesToMove ?? 0,
    reason: task?.FailureReason ?? (task?.Status === 'CANCELLED' ? 'it was cancelled' : undefined),
  };
}

/** The same by a client of its own, in the region that the ARN names. */
export async function redriveQueue(options: Omit<RedriveOptions, 'sleep'>): Promise<Redriven> {
  const client = new SQSClient({ region: options.arn.split(':')[3] });
  try {
    const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
    return await redrive(client, { ...options, sleep });
  } finally {
    client.destroy();
  }
}

async function newestTask(
  client: Pick<SQSClient, 'send'>,
  arn: string,
): Promise<ListMessageMoveTasksResultEntry | undefined> {
  const { Results } = await client.send(new ListMessageMoveTasksCommand({ SourceArn: arn, MaxResults: 1 }));
  return Results?.[0];
}

async function depth(client: Pick<SQSClient, 'send'>, arn: string): Promise<number> {
  const [, , , , account, name] = arn.split(':');
  const { QueueUrl } = await client.send(
    new GetQueueUrlCommand({ QueueName: name, QueueOwnerAWSAccountId: account }),
  );
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
}
