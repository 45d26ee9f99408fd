import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import {
  type Dispatcher,
  type DispatcherParts,
  startDispatcher,
} from '../../services/forwarding/dispatcher.ts';
import { type Forwarding, openForwarding } from '../../services/forwarding/open.ts';
import type { InboundParts } from '../../services/inbound/server.ts';
import type { Relay, RelayRequest } from '../../services/submission/smart-host.ts';
import type { AccountId } from '../../shared/ids.ts';
import type { AccountRecord, Address, DomainName } from '../../shared/ports/directory.ts';
import { err, ok } from '../../shared/result.ts';
import { memoryLog } from '../../shared/telemetry/log.ts';
import { createMetrics, type Metrics } from '../../shared/telemetry/metrics.ts';
import { type InboundWorld, inboundWorld } from '../inbound/harness.ts';
import { letter, sessionOf, submissionIn } from '../submission/by-hand.ts';
import type { LocalEngine } from '../support/local-engine.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { hour, type TestClock, testClock } from '../support/test-clock.ts';

export interface Sent {
  readonly from: string;
  readonly to: readonly string[];
  readonly message: string;
}

export type Verdict = 'takes' | 'down' | 'busy' | { readonly refuses: string };

/** A next hop that does as the test says, and remembers what it took. */
export class TestRelay implements Relay {
  readonly senders: Relay['senders'];
  readonly sent: Sent[] = [];
  attempts = 0;
  verdict: (to: string) => Verdict = () => 'takes';

  constructor(senders: Relay['senders'] = 'any') {
    this.senders = senders;
  }

  async send({ sender, recipients, message }: RelayRequest) {
    this.attempts++;
    const chunks: Uint8Array[] = [];
    for await (const chunk of message()) chunks.push(chunk);
    const verdict = this.verdict(recipients[0]!);
    const cause = new Error('no route');
    if (verdict === 'down') return err({ kind: 'unavailable' as const, cause });
    if (verdict === 'busy') return err({ kind: 'unavailable' as const, cause, busy: true });
    if (verdict !== 'takes') return err({ kind: 'refused' as const, code: verdict.refuses });
    this.sent.push({ from: sender, to: recipients, message: Buffer.concat(chunks).toString('latin1') });
    return ok({ rejected: [] });
  }
}

export interface ForwardingWorld extends InboundWorld {
  readonly clock: TestClock;
  readonly relay: TestRelay;
  readonly forwarding: Forwarding;
  readonly metrics: Metrics;
  readonly events: () => readonly Record<string, unknown>[];
  /** anna's mail goes on. */
  forward(targets: readonly string[], keep?: boolean): void;
  dispatcher(change?: Partial<DispatcherParts>): Dispatcher;
  /** bob, who has signed in, sends anna a message. */
  submit(lines: readonly string[]): Promise<void>;
  /** Moves the clock by hours, five minutes at a time, and lets what goes off meanwhile end. */
  live(hours: number, dispatcher: Dispatcher): Promise<void>;
}

/** The town of the inbound tests, of which anna's mail may go on to addresses elsewhere, by a relay of the test's. */
export async function forwardingWorld(t: TestContext, relay = new TestRelay()): Promise<ForwardingWorld> {
  const clock = testClock();
  const log = memoryLog();
  const metrics = createMetrics();
  let forwarding: Forwarding | undefined;
  const parts = async ({ engine, directory }: InboundParts, { store }: LocalEngine) => {
    forwarding = await openForwarding(engine, {
      directory: directory as never,
      adminRecords: store.adminRecords,
    });
    return { forwarder: forwarding.forwarder, log };
  };
  // All forwarding of a store has one outbox.
  const world = await inboundWorld(t, parts, temporaryFolder());
  assert(forwarding);
  const { outbox, secret } = forwarding;
  const { people, anna } = world;
  const { engine, store } = world.local;
  const record = people.accounts.get('anna@example.org')!;
  const byId = async (id: AccountId): Promise<AccountRecord | undefined> =>
    [...people.accounts.values()].find((one) => one.id === id);
  return {
    ...{ ...world, clock, relay, forwarding, metrics },
    events: () => log.events.map(({ event }) => event as Record<string, unknown>),
    forward(targets, keep = false) {
      assert.equal(record.id, anna.id);
      people.accounts.set(record.address, { ...record, forwarding: { targets: targets as Address[], keep } });
    },
    dispatcher(change = {}) {
      const started = startDispatcher({
        ...{ engine, outbox, secret, relay, log, metrics },
        leases: store.leases,
        timers: clock,
        hostname: 'mail.example.org',
        directory: { domain: (name: DomainName) => people.domain(name), account: byId },
        ...change,
      });
      t.after(() => started.stop(10_000));
      return started;
    },
    async submit(lines) {
      const submission = submissionIn(world, { forwarder: forwarding!.forwarder });
      const sent = await letter(submission, sessionOf(world, 'bob'), record.address);
      sent.write(lines.map((line) => `${line}\r\n`).join(''));
      sent.end();
      assert.equal(await sent.reply, undefined);
    },
    async live(hours, dispatcher) {
      for (let i = 0; i < hours * 12; i++) {
        clock.advance(hour / 12);
        await dispatcher.idle();
      }
    },
  };
}

/** One message to anna, by LMTP or SMTP; `answer` to its end. */
export const transaction = (
  lines: readonly string[],
  { from = 'ann@elsewhere.test', to = 'anna@example.org', answer = '250…', hello = 'LHLO' } = {},
) => `
  S: 220 …
  C: ${hello} me
  ${hello === 'LHLO' ? lhlo : ehlo}
  C: MAIL FROM:<${from}>
  S: 250 …
  C: RCPT TO:<${to}>
  S: 250 …
  C: DATA
  S: 354 …
  ${[...lines, '.'].map((line) => `C: ${line}`).join('\n')}
  S: ${answer}
`;
const capabilities = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES'];
const greeted = (last: string) =>
  ['S: 250-…', ...capabilities.map(() => 'S: 250-…'), `S: ${last}`].join('\n');
const lhlo = greeted('250 …');
const ehlo = lhlo;
export const hello = ['Subject: hello', '', 'body'];

export const outsideOf = (message: string) => message.slice(message.indexOf('Subject:'));
