import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ProcessEnd, StartedProcess } from '../../../services/local/context.ts';
import { Exchange } from '../../../services/local/workers/exchange.ts';
import type { FromWorker, ToWorker } from '../../../services/local/workers/news.ts';
import { Supervisor } from '../../../services/local/workers/supervisor.ts';
import { memoryLog } from '../../../shared/telemetry/log.ts';
import { FakeTimers } from '../../support/fake-timers.ts';

/** A process that says and does nothing by itself. */
function fakeProcess(pid: number) {
  const sent: ToWorker[] = [];
  const end = Promise.withResolvers<ProcessEnd>();
  let hear: (message: FromWorker) => void = () => {};
  const started: StartedProcess = {
    pid,
    send: (message) => void sent.push(message),
    onMessage: (listener) => {
      hear = listener;
    },
    onLines: () => {},
    ended: end.promise,
    kill: () => end.resolve({ code: null, signal: 'SIGKILL' }),
  };
  return { sent, started, says: (message: FromWorker) => hear(message), ends: end.resolve };
}

async function supervised(t: TestContext) {
  const time = FakeTimers.install(t);
  const log = { ...memoryLog(), relay: () => {} };
  const processes: ReturnType<typeof fakeProcess>[] = [];
  const gaveUp: string[] = [];
  const starting = Supervisor.start({
    workers: 1,
    processes: {
      first: undefined,
      start: () => processes[processes.push(fakeProcess(100 + processes.length)) - 1]!.started,
    },
    orders: { certFile: 'server.crt', keyFile: 'server.key', secret: '' },
    exchange: new Exchange(),
    log,
    giveUp: (message) => gaveUp.push(message),
  });
  processes[0]!.says({ kind: 'hello' });
  processes[0]!.says({ kind: 'ready', ports: [] });
  const up = await starting;
  assert.ok(up.ok);
  /** The last one cannot go on. */
  const fails = async (message: string) => {
    processes.at(-1)!.says({ kind: 'hello' });
    processes.at(-1)!.says({ kind: 'failed', message });
    processes.at(-1)!.ends({ code: 0, signal: null });
    await time.pass(30_000);
  };
  return { time, log, processes, gaveUp, fails, supervisor: up.value.supervisor };
}

test('why a replacement cannot start is logged, and told where that is the end of the server', async (t) => {
  const { log, gaveUp, fails } = await supervised(t);
  for (let i = 0; i <= 10; i++) await fails('no room');
  const ended = log.events.filter(({ event }) => event.event === 'worker.ended');
  assert.equal(ended.length, 11);
  assert.deepEqual([...new Set(ended.map(({ cause }) => cause))], ['no room']);
  assert.deepEqual(gaveUp, ['workers end again and again, the last one: no room']);
});

test('a worker that greets when the server stops already is told to stop', async (t) => {
  const { time, processes, supervisor } = await supervised(t);
  processes[0]!.ends({ code: 1, signal: null });
  await time.pass(0);
  const [, late] = processes;
  const times = { noticeMs: 0, graceMs: 5_000 };
  const stopped = supervisor.stop(times);
  late!.sent.length = 0; // Nobody listened yet.
  late!.says({ kind: 'hello' });
  assert.deepEqual(late!.sent, [{ kind: 'stop', times }]);
  late!.ends({ code: 0, signal: null });
  await stopped;
});
