import type { AccountHold } from '../../shared/engine/engine.ts';
import type { MailError } from '../../shared/engine/mail-error.ts';
import type { Leases } from '../../shared/ports/leases.ts';
import type { Result } from '../../shared/result.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Metrics } from '../../shared/telemetry/metrics.ts';
import { HeldLease } from '../maintenance/held-lease.ts';
import type { Timers } from '../maintenance/timers.ts';
import { type AttemptParts, attempt } from './attempt.ts';
import { type GiveUpParts, giveUp } from './give-up.ts';
import type { Waiting } from './outbox.ts';
import { Pace } from './pace.ts';

export interface DispatcherParts extends GiveUpParts, Omit<AttemptParts, 'directory' | 'now'> {
  readonly directory: GiveUpParts['directory'] & AttemptParts['directory'];
  readonly leases: Leases;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Dispatcher {
  /** Resolves when nothing is under way: what is due has been tried, or another process is at it. */
  idle(): Promise<void>;
  /** Begins nothing more; resolves when what is under way has ended, or after `graceMs`. What was not sent is sent after the next start. */
  stop(graceMs: number): Promise<void>;
}

/** Messages on their way at once. */
const mostActive = 8;
/** What a crashed process leaves is free again after this, ms; where it is held by another, it is looked for as often. */
const leaseTime = 2 * 60_000;
/** After a fault of the store, ms. */
const faultPause = 30_000;
/** After the relay has said that it has too much to do, ms. */
const busyPause = 10_000;
/** Sent messages are deleted when there is nothing to send, or so many of them. */
const mostUncleared = 200;

/** Sends what is in the outbox: one process at a time, by a lease; two for a moment would send some of it twice, and lose nothing. */
export function startDispatcher(parts: DispatcherParts): Dispatcher {
  const { outbox, timers, log, metrics, engine } = parts;
  const { entropy } = engine.parts;
  const counted = metrics.counter('restante_forward_attempts_total', 'Attempts to send mail on', ['outcome']);
  const ended = metrics.counter('restante_forward_failed_total', 'Mail that could not be sent on', ['end']);
  const length = metrics.gauge('restante_outbox_messages', 'Messages that wait to be sent on');
  const pace = new Pace();
  const stop = new AbortController();
  const queue: Waiting[] = [];
  const active = new Map<number, Promise<void>>();
  /** Sent or given up, while the log does not say so yet. */
  const done = new Set<number>();
  let held: { readonly hold: AccountHold; readonly lease: HeldLease } | undefined;
  let changed = true;
  let uncleared = 0;
  /** Nothing begins before. */
  let restsUntil = 0;
  let working: Promise<void> | undefined;
  let cancel = () => {};
  const chance = () => Buffer.from(entropy.bytes(2)).readUInt16LE() / 65_536;

  const later = (ms: number): void => {
    cancel();
    if (!stop.signal.aborted)
      cancel = timers.after(ms, () => {
        changed = true;
        wake();
      });
  };

  /** One run at a time; a wake-up meanwhile is seen by the run, or begins the next. */
  const wake = (): void => {
    if (stop.signal.aborted || working !== undefined) return;
    working = run()
      .catch((cause) => {
        log.error({ event: 'forward.fault' }, cause);
        later(faultPause);
      })
      .finally(() => {
        working = undefined;
        const mayBegin = active.size < mostActive && timers.now() >= restsUntil;
        if (held !== undefined && (queue.length > 0 ? mayBegin : changed)) wake();
      });
  };

  async function run(): Promise<void> {
    held ??= await take();
    if (held === undefined) return later(leaseTime);
    const { account } = held.hold;
    if (queue.length === 0 && changed) {
      changed = false;
      await look();
    }
    const rest = restsUntil - timers.now();
    if (rest > 0 && queue.length > 0) later(rest);
    else while (active.size < mostActive && queue.length > 0 && !stop.signal.aborted) start(queue.shift()!);
    if (uncleared > 0 && (uncleared >= mostUncleared || (queue.length === 0 && active.size === 0))) {
      uncleared = 0;
      await outbox.clear(account);
    }
  }

  /** Undefined where another process sends. */
  async function take(): Promise<typeof held> {
    const holder = Buffer.from(entropy.bytes(8)).toString('hex');
    const lease = await HeldLease.acquire(parts.leases, timers, 'outbox', holder, leaseTime);
    if (lease === undefined) return undefined;
    const opened = await outbox.open();
    if (!opened.ok) {
      await lease.end(0);
      throw new Error(`outbox: ${opened.error.kind}`, { cause: opened.error });
    }
    const end = opened.value.account.onChange(() => {
      changed = true;
      wake();
    });
    lease.lost.addEventListener('abort', () => {
      end();
      opened.value.release();
      held = undefined;
      queue.length = 0;
      later(leaseTime);
    });
    changed = true;
    return { hold: opened.value, lease };
  }

  /** Fills the queue with what is due, and sets the clock for what is not. */
  async function look(): Promise<void> {
    if (held === undefined) return;
    const waiting = await outbox.waiting(held.hold.account, (cause) =>
      log.error({ event: 'forward.fault' }, cause),
    );
    length.set({}, waiting.length);
    const numbers = new Set(waiting.map(({ number }) => number));
    pace.keep(numbers);
    for (const number of done) if (!numbers.has(number)) done.delete(number);
    const now = timers.now();
    let next = now + 15 * 60_000;
    for (const one of waiting) {
      if (active.has(one.number)) continue;
      const due = pace.dueAt(one, now);
      if (due <= now) queue.push(one);
      else next = Math.min(next, due);
    }
    later(next - now);
  }

  function start(one: Waiting): void {
    const box = held?.hold.account;
    // Its turn may be over: an account sends so much an hour, and others of its messages were before.
    if (box === undefined || pace.dueAt(one, timers.now()) > timers.now()) {
      changed = true;
      return;
    }
    const work = send(box, one)
      .catch((cause) => {
        log.error({ event: 'forward.fault' }, cause);
        pace.deferred(one, timers.now(), chance());
        changed = true;
      })
      .finally(() => {
        active.delete(one.number);
        wake();
      });
    active.set(one.number, work);
  }

  async function send(box: AccountHold['account'], one: Waiting): Promise<void> {
    if (!done.has(one.number)) {
      const { account } = one.envelope;
      pace.started(one.envelope, timers.now());
      const made = await attempt({ ...parts, now: () => timers.now() }, one, () => outbox.read(box, one));
      const now = timers.now();
      if (made.outcome === 'unavailable' && made.busy) restsUntil = now + busyPause;
      const again = made.outcome === 'unavailable' && pace.deferred(one, now, chance());
      const outcome = made.outcome === 'sent' ? 'sent' : again ? 'deferred' : 'failed';
      const code = made.outcome === 'refused' ? made.code : undefined;
      counted.add({ outcome });
      const event = { event: 'forward.sent', account, outcome, code, waited: now - one.since } as const;
      if (made.outcome === 'unavailable') log.warn(event, made.cause);
      else log.info(event);
      // What is due again is found by the clock.
      if (again) {
        changed = true;
        return;
      }
      if (made.outcome !== 'sent') {
        // RFC 3463 §3.5: delivery time expired.
        const status = made.outcome === 'unavailable' ? '4.4.7' : (code ?? '5.0.0');
        const end = settled(await giveUp(parts, box, one, status));
        ended.add({ end });
        log.warn({ event: 'forward.failed', account, end });
      }
      done.add(one.number);
    }
    settled(await outbox.remove(box, one));
    uncleared++;
  }

  wake();
  return {
    async idle() {
      while (working !== undefined || active.size > 0) await Promise.all([working, ...active.values()]);
    },
    async stop(graceMs) {
      stop.abort();
      cancel();
      const rest = Promise.all([working, ...active.values()]).then(async () => {
        // Where the store fails, the lease ends by itself.
        await held?.lease.end(0).catch(() => undefined);
        held?.hold.release();
        held = undefined;
      });
      await Promise.race([rest, new Promise<void>((go) => void setTimeout(go, graceMs).unref())]);
    },
  };
}

/** The value; throws the error, which is logged where the work began. */
function settled<T>(result: Result<T, MailError>): T {
  if (result.ok) return result.value;
  throw new Error(`outbox: ${result.error.kind}`, { cause: result.error });
}
