import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createSesRelay, type SesSend } from '../../services/submission/ses-relay.ts';
import { ok } from '../../shared/result.ts';

type Sent = Parameters<SesSend>[0];

async function* pieces(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}
const people = (count: number) => Array.from({ length: count }, (_, i) => `p${i}@elsewhere.test`);
const request = (recipients: readonly string[], sender = 'ann@example.test') => ({
  sender,
  recipients,
  eightBit: false,
  message: () => pieces('Subject: x\r\n', '\r\n', 'body'),
});
const named = (name: string) => Object.assign(new Error(name), { name });

test('a message goes out whole, to fifty recipients a call', async () => {
  const sent: Sent[] = [];
  const relay = createSesRelay(async (message) => void sent.push(message));
  const recipients = people(120);
  assert.deepEqual(await relay.send(request(recipients)), { ok: true, value: { rejected: [] } });
  assert.deepEqual(
    sent.map((one) => one.recipients.length),
    [50, 50, 20],
  );
  assert.deepEqual(
    sent.flatMap((one) => one.recipients),
    recipients,
  );
  assert.equal(Buffer.from(sent[0]!.raw).toString(), 'Subject: x\r\n\r\nbody');
});

test('what SES refuses is refused, and what time may mend is not', async () => {
  const outcome = async (name: string) => {
    const sent = await createSesRelay(() => Promise.reject(named(name))).send(request(people(1)));
    return sent.ok ? 'ok' : sent.error.kind;
  };
  assert.equal(await outcome('MessageRejected'), 'refused');
  assert.equal(await outcome('MailFromDomainNotVerifiedException'), 'refused');
  assert.equal(await outcome('TimeoutError'), 'unavailable');
});

/** A relay whose calls do as they are told, one after another, and then go well; `calls` has whom each was for. */
function told(...outcomes: readonly (string | undefined)[]) {
  const calls: (readonly string[])[] = [];
  const relay = createSesRelay(async ({ recipients }) => {
    const name = outcomes[calls.push(recipients) - 1];
    if (name !== undefined) throw named(name);
  });
  return { relay, calls };
}

/** Waits for work of which each timer goes off at once, `ms` of them together at the most. */
async function within<T>(t: TestContext, ms: number, work: Promise<T>): Promise<T> {
  let ended = false;
  void work.finally(() => {
    ended = true;
  });
  for (let passed = 0; !ended; passed += 1000) {
    assert.ok(passed <= ms, `it takes more than ${ms} ms`);
    await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(1000);
  }
  return await work;
}
const busy = 'TooManyRequestsException';

test('where SES takes a breath before anybody has the message, it waits, a minute in all', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { relay, calls } = told(busy, busy);
  assert.deepEqual(await within(t, 60_000, relay.send(request(people(1)))), ok({ rejected: [] }));
  assert.equal(calls.length, 3);
  const late = told(...new Array<string>(100).fill(busy));
  const sent = await within(t, 65_000, late.relay.send(request(people(1))));
  assert.ok(!sent.ok && sent.error.kind === 'unavailable' && sent.error.busy);
});

test('where some have the message and SES takes a breath, the others wait for it, a minute in all', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const recipients = people(120);
  const { relay, calls } = told(undefined, busy, busy, undefined, busy);
  assert.deepEqual(await within(t, 60_000, relay.send(request(recipients))), ok({ rejected: [] }));
  const [first, second, third] = [0, 50, 100].map((at) => recipients.slice(at, at + 50));
  assert.deepEqual(calls, [first, second, second, second, third, third]);

  const late = told(undefined, ...new Array<string>(100).fill(busy));
  const rejected = recipients.slice(50).map((recipient) => ({ recipient, code: undefined, again: 'later' }));
  assert.deepEqual(await within(t, 65_000, late.relay.send(request(recipients))), ok({ rejected }));
});

for (const [name, said] of [
  ['MessageRejected', { code: '5.7.1', again: 'never' }],
  // It may have gone out: asked for again, it would go out twice.
  ['TimeoutError', { code: undefined, again: 'later' }],
] as const)
  test(`where some have the message, the others are told of after ${name}, and not tried again`, async () => {
    const { relay, calls } = told(undefined, name);
    const recipients = people(60);
    const rejected = recipients.slice(50).map((recipient) => ({ recipient, ...said }));
    assert.deepEqual(await relay.send(request(recipients)), ok({ rejected }));
    assert.equal(calls.length, 2);
  });

test('the null sender and what is larger than SES takes are refused without a call', async () => {
  const relay = createSesRelay(() => assert.fail('called'));
  const none = await relay.send(request(people(1), ''));
  assert.ok(!none.ok && none.error.kind === 'refused');
  const mega = 'x'.repeat(1_000_000);
  const large = await relay.send({
    ...request(people(1)),
    message: () => pieces(...new Array<string>(41).fill(mega)),
  });
  assert.ok(!large.ok && large.error.kind === 'refused');
});

test('four messages are under way at once, and the others come in their order', async () => {
  const open: (() => void)[] = [];
  const order: string[] = [];
  const relay = createSesRelay((message) => {
    order.push(message.recipients[0]!);
    return new Promise<void>((resolve) => open.push(resolve));
  });
  const all = people(6).map((person) => relay.send(request([person])));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  while (order.length < 4) await turn();
  await turn();
  assert.equal(order.length, 4);
  while (order.length < 6 || open.length > 0) {
    open.shift()?.();
    await turn();
  }
  await Promise.all(all);
  assert.deepEqual(order, people(6));
});
