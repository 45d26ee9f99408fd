import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BatchParts, deliverBatch } from '../../../services/inbound/ses/batch.ts';
import type { Bounce } from '../../../services/inbound/ses/bounce.ts';
import { parseNotification } from '../../../services/inbound/ses/notification.ts';
import type { Account } from '../../../shared/engine/account.ts';
import { setLimit } from '../../../shared/engine/mailbox-actions.ts';
import { newAccountId, systemEntropy } from '../../../shared/ids.ts';
import type { AccountRecord, Address, Domain } from '../../../shared/ports/directory.ts';
import { silentLog } from '../../../shared/telemetry/log.ts';
import { localEngine } from '../../support/local-engine.ts';
import { subjects } from '../../support/mail.ts';

interface Told {
  readonly id?: string;
  readonly to?: readonly string[];
  readonly from?: string;
  readonly spam?: string;
  readonly virus?: string;
  readonly spf?: string;
  readonly dmarc?: string;
  readonly headers?: readonly { readonly name: string; readonly value: string }[];
  readonly key?: string;
}

/** As SNS gives it to the queue, raw: what SES says of a message that it kept. */
const notification = (told: Told = {}): string =>
  JSON.stringify({
    notificationType: 'Received',
    receipt: {
      timestamp: '2026-11-24T03:00:00.000Z',
      processingTimeMillis: 40,
      recipients: told.to ?? ['ann@example.test'],
      spamVerdict: { status: told.spam ?? 'PASS' },
      virusVerdict: { status: told.virus ?? 'PASS' },
      spfVerdict: { status: told.spf ?? 'PASS' },
      dkimVerdict: { status: 'PASS' },
      dmarcVerdict: { status: told.dmarc ?? 'PASS' },
      action: {
        type: 'S3',
        topicArn: 'arn',
        bucketName: 'incoming',
        objectKey: told.key ?? `mail/${told.id ?? 'm1'}`,
      },
    },
    mail: {
      timestamp: '2026-11-24T03:00:00.000Z',
      source: told.from ?? 'sender@elsewhere.test',
      messageId: told.id ?? 'm1',
      destination: told.to ?? ['ann@example.test'],
      headersTruncated: false,
      headers: told.headers ?? [],
      commonHeaders: {},
    },
  });

async function ground() {
  const { account, engine } = await localEngine();
  const people = new Map<string, AccountRecord>();
  const accounts = new Map<string, Account>();
  for (const address of ['ann@example.test', 'bob@example.test']) {
    const id = newAccountId(systemEntropy);
    accounts.set(address, await account(id));
    people.set(address, { id, address, status: 'active' } as unknown as AccountRecord);
  }
  const objects = new Map<string, Buffer>();
  const bounces: Bounce[] = [];
  let reads = 0;
  const parts: BatchParts = {
    engine,
    directory: {
      accountByAddress: async (address: Address) => people.get(address),
      alias: async () => undefined,
      domain: async (name) => (name === 'example.test' ? ({ name } as Domain) : undefined),
    },
    async receive({ key }) {
      reads++;
      const bytes = objects.get(key);
      return (
        bytes && {
          body: (async function* () {
            yield bytes;
          })(),
          copyTo: async (to) => void (await engine.parts.blobs.put(to, bytes)),
        }
      );
    },
    bounce: async (bounce) => void bounces.push(bounce),
    forwarder: undefined,
    log: silentLog,
  };
  const receive = async (...notifications: string[]) =>
    deliverBatch(
      parts,
      notifications.map((body, i) => ({ messageId: `q${i}`, body })),
    );
  const receiveAgain = async (...notifications: string[]) =>
    deliverBatch(
      parts,
      notifications.map((body, i) => ({
        messageId: `q${i}`,
        body,
        attributes: { ApproximateReceiveCount: '2' },
      })),
    );
  const keep = (id: string, subject = id) =>
    objects.set(`mail/${id}`, Buffer.from(`Subject: ${subject}\r\n\r\nx\r\n`));
  return { accounts, bounces, keep, receive, receiveAgain, parts, reads: () => reads };
}

const allDone = { batchItemFailures: [] };

test('a message goes to every account that it is for, with the time at which SES received it', async () => {
  const { accounts, keep, receive } = await ground();
  keep('m1');
  const both = ['ann@example.test', 'bob@example.test', 'ANN@example.test'];
  assert.deepEqual(await receive(notification({ to: both })), allDone);
  for (const account of accounts.values()) {
    assert.deepEqual(await subjects(account, 'INBOX'), ['m1']);
    const [chunk] = account.state.mailboxes.named('INBOX')!.chunks;
    assert.equal(chunk!.fixed.internalDate[0], Date.UTC(2026, 10, 24, 3) / 1000);
  }
});

test('a message is read once, however many accounts it is for', async () => {
  const { keep, receive, reads } = await ground();
  keep('m1');
  await receive(notification({ to: ['ann@example.test', 'bob@example.test'] }));
  assert.equal(reads(), 1);
});

test('an event that the queue gives out again brings nothing, and reads nothing', async () => {
  const { accounts, keep, receive, receiveAgain, reads } = await ground();
  keep('m1');
  await receive(notification());
  const before = reads();
  assert.deepEqual(await receiveAgain(notification(), notification()), allDone);
  assert.equal(reads(), before);
  // As a new message of the queue: it is read, and is the same delivery all the same.
  assert.deepEqual(await receive(notification()), allDone);
  assert.deepEqual(await subjects(accounts.get('ann@example.test')!, 'INBOX'), ['m1']);
});

test('messages of one batch for one account share entries', async () => {
  const { accounts, keep, receive } = await ground();
  const ids = Array.from({ length: 10 }, (_, i) => `m${i}`);
  for (const id of ids) keep(id);
  const ann = accounts.get('ann@example.test')!;
  const before = ann.state.position;
  await receive(...ids.map((id) => notification({ id })));
  assert.deepEqual((await subjects(ann, 'INBOX')).sort(), ids);
  assert.ok(ann.state.position - before <= 3, `${ann.state.position - before} entries`);
});

test('spam goes to Junk, and what carries a virus nowhere', async () => {
  const { accounts, keep, receive } = await ground();
  keep('m1');
  keep('m2');
  assert.deepEqual(
    await receive(notification({ id: 'm1', spam: 'FAIL' }), notification({ id: 'm2', virus: 'FAIL' })),
    allDone,
  );
  const ann = accounts.get('ann@example.test')!;
  assert.deepEqual(await subjects(ann, 'Junk'), ['m1']);
  assert.deepEqual(await subjects(ann, 'INBOX'), []);
});

test('a poison message and an object that is gone go back to the queue; the others are delivered', async () => {
  const { accounts, keep, receive } = await ground();
  keep('m1');
  const answer = await receive(
    '{',
    JSON.stringify({ notificationType: 'Other' }),
    notification({ id: 'gone' }),
    notification(),
  );
  assert.deepEqual(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort(), [
    'q0',
    'q1',
    'q2',
  ]);
  assert.deepEqual(await subjects(accounts.get('ann@example.test')!, 'INBOX'), ['m1']);
});

test('the notification by which SES tries the bucket is no mail', async () => {
  const { receive, reads } = await ground();
  assert.deepEqual(await receive(notification({ id: 'AMAZON_SES_SETUP_NOTIFICATION' })), allDone);
  assert.equal(reads(), 0);
});

test('a sender who has proved to be one is told of recipients that are unknown or full', async () => {
  const { accounts, bounces, keep, receive } = await ground();
  keep('m1');
  await accounts.get('bob@example.test')!.commit(setLimit(1));
  const to = ['ann@example.test', 'bob@example.test', 'nobody@example.test'];
  assert.deepEqual(await receive(notification({ to })), allDone);
  assert.deepEqual(await subjects(accounts.get('ann@example.test')!, 'INBOX'), ['m1']);
  assert.equal(bounces.length, 1);
  assert.equal(bounces[0]!.sender, 'MAILER-DAEMON@example.test');
  assert.deepEqual(
    [...bounces[0]!.recipients].sort((a, b) => (a.address < b.address ? -1 : 1)),
    [
      { address: 'bob@example.test', reason: 'ExceededQuota' },
      { address: 'nobody@example.test', reason: 'DoesNotExist' },
    ],
  );
});

for (const [why, told] of [
  ['that may be forged', { dmarc: 'FAIL' }],
  ['without DMARC', { dmarc: 'GRAY' }],
  ['whose author a signature vouches for, and nobody for its sender,', { spf: 'FAIL' }],
  ['of a sender whose domain has no SPF', { spf: 'GRAY' }],
  ['that is itself a report', { from: '<>' }],
  ['of a mailer daemon', { from: 'MAILER-DAEMON@elsewhere.test' }],
  ['that a program sent', { headers: [{ name: 'Auto-Submitted', value: 'auto-replied' }] }],
  ['of a mailing list', { headers: [{ name: 'List-Id', value: '<x>' }] }],
  ['that is spam', { spam: 'FAIL' }],
] as const)
  test(`mail ${why} to nobody is dropped without a report`, async () => {
    const { bounces, receive } = await ground();
    assert.deepEqual(await receive(notification({ to: ['nobody@example.test'], ...told })), allDone);
    assert.deepEqual(bounces, []);
  });

test('where a report could not be written down, the message comes again, and nobody gets it twice', async () => {
  const { accounts, bounces, keep, parts } = await ground();
  keep('m1');
  const failing = { ...parts, bounce: () => Promise.reject(new Error('no')) };
  const body = notification({ to: ['ann@example.test', 'nobody@example.test'] });
  const again = { batchItemFailures: [{ itemIdentifier: 'q' }] };
  assert.deepEqual(await deliverBatch(failing, [{ messageId: 'q', body }]), again);
  assert.deepEqual(await deliverBatch(parts, [{ messageId: 'q', body }]), allDone);
  assert.equal(bounces.length, 1);
  assert.deepEqual(await subjects(accounts.get('ann@example.test')!, 'INBOX'), ['m1']);
});

test('an arrival is read from what SES says', () => {
  const parsed = parseNotification(notification({ to: ['a@b.test'], spam: 'FAIL' }));
  assert.ok(parsed.ok && parsed.value !== 'setup');
  const { verdict, key, bucket, authenticated, automatic } = parsed.value;
  assert.deepEqual(
    { verdict, key, bucket, authenticated, automatic },
    { verdict: 'spam', key: 'mail/m1', bucket: 'incoming', authenticated: true, automatic: false },
  );
});
