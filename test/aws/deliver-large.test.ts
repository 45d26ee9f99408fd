import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sesReceived, sqsBatch } from '../serverless/events.ts';
import { serverlessGround } from '../serverless/ground.ts';
import { objectsEndpointVariable } from '../support/aws-emulators.ts';
import { LambdaBundle } from '../support/lambda-bundle.ts';
import { subjects } from '../support/mail.ts';

const megabyte = 1024 * 1024;
const largeBytes = 40 * megabyte;
/** Messages of that size in one batch: all are under way at once. */
const count = 4;
/** What the function may take more than for a small message. Less than three of them held whole. */
const roomBytes = 100 * megabyte;

function message(subject: string, bytes: number): Buffer {
  const head = `Subject: ${subject}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n`;
  const body = Buffer.alloc(bytes - head.length, `${'QUJD'.repeat(19)}\r\n`);
  return Buffer.concat([Buffer.from(head), body]);
}

/** Hundreds of megabytes through an emulator: only where one is up that the tests of `npm run test:aws` share. */
const skip = process.env[objectsEndpointVariable] ? false : `no ${objectsEndpointVariable}`;

test('messages of 40 MB pass the delivery function in bounded memory, octet for octet', {
  skip,
}, async (t) => {
  const ground = await serverlessGround(t);
  const env = { ...ground.env, RESTANTE_INCOMING_BUCKET: ground.incoming };
  const deliver = LambdaBundle.start('deliver', env);
  t.after(() => deliver.stop());
  const ann = await ground.account('ann');
  const mail = (id: string) => sesReceived({ id, to: ['ann@example.test'], bucket: ground.incoming });
  await ground.receive('small', message('small', 1000));
  const done = { batchItemFailures: [] };
  assert.deepEqual(await deliver.invoke(sqsBatch([mail('small')])), done);
  const before = deliver.peak;

  const ids = Array.from({ length: count }, (_, i) => `large${i}`);
  const large = message('large', largeBytes);
  for (const id of ids) await ground.receive(id, large);
  assert.deepEqual(await deliver.invoke(sqsBatch(ids.map(mail))), done);
  const grown = deliver.peak - before;
  t.diagnostic(
    `${count} × 40 MB: ${(grown / megabyte).toFixed(0)} MB more than ${(before / megabyte).toFixed(0)} MB`,
  );
  assert.ok(grown < roomBytes, `${grown} bytes more`);

  assert.ok((await ann.refresh()).ok);
  assert.deepEqual((await subjects(ann, 'INBOX')).sort(), [...ids.map(() => 'large'), 'small']);
  const [chunk] = ann.state.mailboxes.named('INBOX')!.chunks;
  const { size, body } = await ann.body(chunk!.fixed.message[1]!);
  assert.equal(size, largeBytes);
  let at = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    assert.ok(large.subarray(at, at + piece.length).equals(piece));
    at += piece.length;
  }
  assert.equal(at, largeBytes);
});
