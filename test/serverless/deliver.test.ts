import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '../../shared/engine/account.ts';
import { contents } from '../inbound/harness.ts';
import { recordHttp } from '../support/http-recorder.ts';
import { LambdaBundle } from '../support/lambda-bundle.ts';
import { subjects } from '../support/mail.ts';
import { objectCreated, sesReceived, sesSetup, sqsBatch } from './events.ts';
import { serverlessGround } from './ground.ts';

const bounced =
  '<SendBounceResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><SendBounceResult><MessageId>b1</MessageId></SendBounceResult></SendBounceResponse>';

const inbox = async (account: Account, name = 'INBOX') => {
  assert.ok((await account.refresh()).ok);
  return [...(await subjects(account, name))].sort();
};

test('the delivery function, from its bundle, takes a batch apart as the queue expects it', async (t) => {
  const ground = await serverlessGround(t);
  const deliver = LambdaBundle.start('deliver', {
    ...ground.env,
    RESTANTE_INCOMING_BUCKET: ground.incoming,
    // Whom it may not call: where it stands there is no way to SES.
    AWS_ENDPOINT_URL_SES: 'http://127.0.0.1:1',
  });
  t.after(() => deliver.stop());
  const [ann, bob] = [await ground.account('ann'), await ground.account('bob')];
  const { incoming: bucket } = ground;
  const bytes = new Map<string, Buffer>();
  for (const id of ['one', 'both', 'spam', 'refused']) {
    bytes.set(
      id,
      Buffer.from(`Return-Path: <sender@elsewhere.test>\r\nSubject: ${id}\r\n\r\nbody of ${id}\r\n`),
    );
    await ground.receive(id, bytes.get(id)!);
  }
  const mail = (id: string, ...to: readonly string[]) => sesReceived({ id, to, bucket });
  const batch = sqsBatch([
    mail('one', 'ann@example.test'),
    mail('one', 'ann@example.test'),
    '{"poison":',
    sesSetup(bucket),
    mail('gone', 'ann@example.test'),
    mail('both', 'ann@example.test', 'bob@example.test', 'nobody@example.test'),
    sesReceived({ id: 'spam', to: ['bob@example.test'], bucket, spam: 'FAIL' }),
    sesReceived({ id: 'one', to: ['bob@example.test'], bucket: 'of-somebody-else' }),
    sesReceived({ id: 'refused', to: ['nobody@example.test'], bucket, dmarc: 'FAIL' }),
  ]);

  const answer = await deliver.invoke(batch);
  const failed = (given: unknown) =>
    (given as { batchItemFailures: { itemIdentifier: string }[] }).batchItemFailures
      .map(({ itemIdentifier }) => itemIdentifier)
      .sort();
  assert.deepEqual(failed(answer), ['q2', 'q4', 'q7']);
  assert.deepEqual(await inbox(ann), ['both', 'one']);
  assert.deepEqual(await inbox(bob), ['both']);
  assert.deepEqual(await inbox(bob, 'Junk'), ['spam']);
  const kept = (...ids: string[]) => ids.map((id) => bytes.get(id)!.toString('latin1'));
  assert.deepEqual((await contents(ann)).sort(), kept('both', 'one'));
  assert.deepEqual(await contents(bob), kept('both'));
  // The same again, as the queue gives it out after a time-out: nothing comes twice.
  assert.deepEqual(failed(await deliver.invoke(batch)), ['q2', 'q4', 'q7']);
  assert.deepEqual(await inbox(ann), ['both', 'one']);
  assert.deepEqual(await inbox(bob, 'Junk'), ['spam']);
  const outcomes = deliver.events
    .filter(({ event }) => event === 'smtp.delivery')
    .map(({ outcome }) => outcome);
  assert.ok(outcomes.includes('stored') && outcomes.includes('duplicate'));
  assert.deepEqual(await ground.received('bounces/'), ['bounces/both']);
});

test('what the delivery function writes down, another one sends: once, however often the queue tells of it', async (t) => {
  const ground = await serverlessGround(t);
  let status = 400;
  const throttled =
    '<ErrorResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/"><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>';
  const ses = await recordHttp(() => ({ status, body: status === 200 ? bounced : throttled }));
  t.after(() => ses.close());
  const env = { ...ground.env, RESTANTE_INCOMING_BUCKET: ground.incoming };
  const deliver = LambdaBundle.start('deliver', env);
  t.after(() => deliver.stop());
  const bounce = LambdaBundle.start('bounce', { ...env, AWS_ENDPOINT_URL_SES: ses.endpoint });
  t.after(() => bounce.stop());
  const { incoming: bucket } = ground;
  const refused = sesReceived({ id: 'to-nobody', to: ['nobody@example.test', 'noone@example.test'], bucket });
  const done = { batchItemFailures: [] };
  for (let n = 0; n < 2; n++) assert.deepEqual(await deliver.invoke(sqsBatch([refused, refused])), done);
  assert.deepEqual(await ground.received('bounces/'), ['bounces/to-nobody']);

  const told = objectCreated(bucket, 'bounces/to-nobody');
  const again = { batchItemFailures: [{ itemIdentifier: 'q0' }] };
  assert.deepEqual(await bounce.invoke(sqsBatch([told])), again);
  status = 200;
  assert.deepEqual(await bounce.invoke(sqsBatch([told])), done);
  // S3 tells more than once, and SES would send as often.
  const others = sqsBatch([told, told, JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent' })]);
  assert.deepEqual(
    await bounce.invoke({
      Records: others.Records.map((r) => ({ ...r, messageId: `other-${r.messageId}` })),
    }),
    done,
  );
  assert.deepEqual(
    ses.requests.map(({ operation }) => operation),
    ['SendBounce', 'SendBounce'],
  );
  const sent = new URLSearchParams(ses.requests[1]!.body);
  assert.equal(sent.get('OriginalMessageId'), 'to-nobody');
  assert.equal(sent.get('BounceSender'), 'MAILER-DAEMON@example.test');
  assert.deepEqual(
    [1, 2].map((n) => sent.get(`BouncedRecipientInfoList.member.${n}.Recipient`)),
    ['nobody@example.test', 'noone@example.test'],
  );
});
