import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDispatcher } from '../../services/forwarding/dispatcher.ts';
import { openForwarding } from '../../services/forwarding/open.ts';
import { createSesRelay, type SesSend } from '../../services/submission/ses-relay.ts';
import type { Address } from '../../shared/ports/directory.ts';
import { silentLog } from '../../shared/telemetry/log.ts';
import { createMetrics } from '../../shared/telemetry/metrics.ts';
import { LambdaBundle } from '../support/lambda-bundle.ts';
import { subjects } from '../support/mail.ts';
import { testClock } from '../support/test-clock.ts';
import { sesReceived, sqsBatch } from './events.ts';
import { serverlessGround } from './ground.ts';

test('what the delivery function takes in for an address elsewhere goes out by SES, and reports come back', async (t) => {
  const ground = await serverlessGround(t);
  const { engine, directory, adminRecords, leases, incoming: bucket } = ground;
  const deliver = LambdaBundle.start('deliver', {
    ...ground.env,
    RESTANTE_INCOMING_BUCKET: bucket,
    RESTANTE_FORWARD_OUTSIDE: 'true',
  });
  t.after(() => deliver.stop());
  const ann = await ground.account('ann');
  const targets = ['ann@other.test' as Address];
  assert((await directory.updateAccount(ann.id, { forwarding: { targets, keep: false } })).ok);
  const text = (id: string) =>
    Buffer.from(
      `Return-Path: <sender@elsewhere.test>\r\nFrom: Sender <sender@elsewhere.test>\r\nSubject: ${id}\r\n\r\n${id}\r\n`,
    );
  for (const id of ['one', 'spam']) await ground.receive(id, text(id));
  const batch = sqsBatch([
    sesReceived({ id: 'one', to: ['ann@example.test'], bucket }),
    sesReceived({ id: 'spam', to: ['ann@example.test'], bucket, spam: 'FAIL' }),
  ]);
  const allDone = { batchItemFailures: [] };
  assert.deepEqual(await deliver.invoke(batch), allDone);
  assert.deepEqual(await deliver.invoke(batch), allDone);
  assert((await ann.refresh()).ok);
  assert.deepEqual(await subjects(ann, 'INBOX'), []);
  assert.deepEqual(await subjects(ann, 'Junk'), ['spam']);

  const sent: Parameters<SesSend>[0][] = [];
  const forwarding = await openForwarding(engine, { directory, adminRecords });
  const send = () => {
    const relay = createSesRelay(async (message) => void sent.push(message));
    const dispatcher = startDispatcher({
      ...{ ...forwarding, engine, directory, leases, relay },
      ...{ hostname: 'mail.example.test', timers: testClock(), log: silentLog, metrics: createMetrics() },
    });
    return dispatcher.idle().then(() => dispatcher.stop(10_000));
  };
  await send();
  const [first, more] = sent;
  assert(first !== undefined && more === undefined);
  assert.deepEqual(first.recipients, ['ann@other.test']);
  assert.match(first.sender, /^SRS0=.*=elsewhere\.test=sender@example\.test$/);
  const raw = Buffer.from(first.raw).toString();
  assert.match(raw, /^From: "Sender via example\.test" <ann@example\.test>\r\n/);
  assert.match(raw, /^Reply-To: <sender@elsewhere\.test>\r$/m);
  assert.doesNotMatch(raw, /Return-Path|Restante-Outbox/);
  assert.match(raw, /\r\nSubject: one\r\n\r\none\r\n$/);

  await ground.receive('back', Buffer.from('From: <mailer-daemon@other.test>\r\nSubject: back\r\n\r\nx\r\n'));
  const forged = first.sender.replace(/=.{6}=/, '=aaaaaa=');
  const reports = sqsBatch([
    sesReceived({ id: 'back', to: [first.sender, forged], bucket, from: '<>', dmarc: 'FAIL' }),
  ]);
  assert.deepEqual(await deliver.invoke(reports), allDone);
  await send();
  assert.equal(sent.length, 2);
  assert.deepEqual(sent[1]!.recipients, ['sender@elsewhere.test']);
  assert.equal(sent[1]!.sender, 'mailer-daemon@example.test');
});
