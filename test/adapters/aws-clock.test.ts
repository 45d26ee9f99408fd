import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { AwsAccountLog } from '../../shared/adapters/aws/account-log.ts';
import { createTableClient } from '../../shared/adapters/aws/clients.ts';
import { ServiceFailure } from '../../shared/adapters/aws/failure.ts';
import { type LogPosition, newAccountId, systemEntropy } from '../../shared/ids.ts';
import { StaleTail } from '../../shared/ports/account-log.ts';

const hour = 3600_000;

interface Asked {
  readonly operation: string;
  /** The time that its signature bears, ms. */
  readonly signedAt: number;
}

/** A log over the real client, whose service has another clock: it refuses what is signed minutes from its own time. */
function place(serviceTime: () => number, beforeSigning: () => void = () => undefined) {
  const asked: Asked[] = [];
  const client = createTableClient({
    region: 'eu-central-1',
    endpoint: 'http://127.0.0.1:9',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  client.middlewareStack.addRelativeTo(
    <A, R>(next: (args: A) => Promise<R>) =>
      (args: A): Promise<R> => {
        beforeSigning();
        return next(args);
      },
    { name: 'beforeSigning', relation: 'before', toMiddleware: 'httpSigningMiddleware' },
  );
  client.config.requestHandler = {
    handle: async (request: { headers: Record<string, string> }) => {
      const at = request.headers['x-amz-date']!;
      const signedAt = Date.parse(
        at.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
      );
      asked.push({ operation: request.headers['x-amz-target']!.split('.')[1]!, signedAt });
      const skewed = Math.abs(signedAt - serviceTime()) > 5 * 60_000;
      const body = skewed
        ? { __type: 'com.amazon.coral.service#InvalidSignatureException', message: 'Signature expired' }
        : {};
      const response = {
        statusCode: skewed ? 400 : 200,
        headers: {
          date: new Date(serviceTime()).toUTCString(),
          'content-type': 'application/x-amz-json-1.0',
        },
        body: Buffer.from(JSON.stringify(body)),
      };
      return { response };
    },
  } as never;
  const log = new AwsAccountLog({ client, table: 'log' });
  const append = (readAt: number) =>
    log.append({
      account: newAccountId(systemEntropy),
      position: 1 as LogPosition,
      bytes: new Uint8Array([1]),
      blobs: [],
      readAt,
    });
  return { log, asked, append };
}

test("a machine whose clock is hours off is refused again and again: signatures are never corrected to the service's time", async () => {
  const { log, asked, append } = place(() => Date.now() - 3 * hour);
  const account = newAccountId(systemEntropy);
  for (let n = 0; n < 3; n++) await assert.rejects(log.read(account, 0 as LogPosition), ServiceFailure);
  for (let n = 0; n < 3; n++) await assert.rejects(append(Date.now()), ServiceFailure);
  assert.ok(asked.length >= 6);
  for (const { signedAt } of asked) assert.ok(Math.abs(signedAt - Date.now()) < 60_000);
});

test('an append that waited for its signature longer than its tail is good for is not sent', async (t) => {
  mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 5, 1) });
  t.after(() => mock.timers.reset());
  let waits = 0;
  // The process stood still, its credentials were fetched anew, or its clock was set.
  const { asked, append } = place(Date.now, () => mock.timers.setTime(Date.now() + waits));
  const puts = () => asked.filter(({ operation }) => operation === 'PutItem').length;
  assert.deepEqual(await append(Date.now()), { kind: 'done' });
  assert.equal(puts(), 1);
  for (const wait of [6 * 60_000, 5 * hour, -2 * hour]) {
    waits = wait;
    await assert.rejects(append(Date.now()), StaleTail);
    assert.equal(puts(), 1);
  }
});
