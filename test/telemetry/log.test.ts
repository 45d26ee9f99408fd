import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryLog, openLog, silentLog } from '../../shared/telemetry/log.ts';

function lines() {
  const written: Record<string, unknown>[] = [];
  return { written, to: { write: (line: string) => void written.push(JSON.parse(line)) } };
}

test('an event is one JSON line with its level and time', () => {
  const { written, to } = lines();
  openLog({ level: 'info', to }).info({ event: 'process.ready', ms: 12 });
  const [line] = written;
  assert.equal(line?.level, 'info');
  assert.equal(line?.event, 'process.ready');
  assert.equal(line?.ms, 12);
  assert.ok(!Number.isNaN(Date.parse(String(line?.time))));
  assert.equal(line && 'pid' in line, false);
});

test('events below the level are not written', () => {
  const { written, to } = lines();
  const log = openLog({ level: 'warn', to });
  log.debug({ event: 'process.ready', ms: 1 });
  log.info({ event: 'process.ready', ms: 1 });
  log.warn({ event: 'process.fault', where: 'a' });
  assert.equal(written.length, 1);
  assert.equal(log.debugging, false);
  assert.equal(openLog({ level: 'debug', to }).debugging, true);
});

test('fields given with `with` are on every line of that log and of no other', () => {
  const { written, to } = lines();
  const log = openLog({ level: 'info', to });
  log.with({ session: 's1' }).with({ account: 'a1' }).info({ event: 'process.ready', ms: 1 });
  log.info({ event: 'process.ready', ms: 1 });
  assert.equal(written[0]?.session, 's1');
  assert.equal(written[0]?.account, 'a1');
  assert.equal(written[1] && 'session' in written[1], false);
});

test('a cause is written with its code and the causes below it, cut in depth', () => {
  const { written, to } = lines();
  const root = Object.assign(new Error('no space'), { code: 'ENOSPC' });
  openLog({ level: 'error', to }).error(
    { event: 'store.fault', store: 'log', operation: 'append' },
    new Error('append failed', { cause: root }),
  );
  const cause = written[0]?.cause as { message: string; stack: string; cause: { code: string } };
  assert.equal(cause.message, 'append failed');
  assert.match(cause.stack, /log\.test/);
  assert.equal(cause.cause.code, 'ENOSPC');

  const circular = new Error('round');
  circular.cause = circular;
  openLog({ level: 'error', to }).error({ event: 'process.fault', where: 'x' }, circular);
  openLog({ level: 'error', to }).error({ event: 'process.fault', where: 'x' }, 'just text');
  assert.deepEqual(written[2]?.cause, { message: 'just text' });
});

test('the silent log takes anything; the memory log keeps it', () => {
  silentLog.with({ session: 's' }).error({ event: 'process.fault', where: 'x' }, new Error('y'));
  const log = memoryLog();
  log.with({ session: 's' }).warn({ event: 'process.fault', where: 'x' });
  assert.equal(log.events[0]?.event.event, 'process.fault');
});

test('a process that is one of several is named on every line, and leaves out what the first one tells', () => {
  const { written, to } = lines();
  const log = openLog({ level: 'info', to, fields: { worker: 2 }, leaveOut: 'listener.up' });
  log
    .with({ service: 'imap' })
    .info({ event: 'listener.up', service: 'imap', host: '::', port: 143, tls: 'none' });
  log.with({ session: 's1' }).warn({ event: 'process.fault', where: 'a' });
  assert.deepEqual(
    written.map(({ event, worker, session }) => ({ event, worker, session })),
    [{ event: 'process.fault', worker: 2, session: 's1' }],
  );
});
