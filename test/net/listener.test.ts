import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { OpenCounts } from '../../shared/net/limits.ts';
import { listen } from '../../shared/net/listener.ts';
import { noNetworks, parseNetworks } from '../../shared/net/networks.ts';
import { memoryLog, silentLog } from '../../shared/telemetry/log.ts';
import { createMetrics } from '../../shared/telemetry/metrics.ts';
import { client, listening, readAll, Serving, tlsSettings, until } from './harness.ts';

test('a listener says where it is, and who is connected', async (t) => {
  const log = memoryLog();
  const metrics = createMetrics();
  const { listener, arrival } = await listening(t, { log, metrics });
  assert.ok(listener.port > 0);
  assert.equal(listener.host, '127.0.0.1');
  const socket = await client(t, listener);
  await arrival();
  assert.equal(listener.guests.length, 1);
  assert.match(metrics.render(), /restante_connections_open\{service="test"\} 1/);
  socket.resetAndDestroy();
  await until(() => listener.guests.length === 0);
  assert.match(metrics.render(), /restante_connections_open\{service="test"\} 0/);
  assert.equal(log.events[0]?.event.event, 'listener.up');
});

test('a port in use is named in one line', async (t) => {
  const { listener } = await listening(t);
  const outcome = await listen({
    service: 'imap',
    host: '127.0.0.1',
    port: listener.port,
    limits: { counts: new OpenCounts(1, 1), trusted: noNetworks },
    idleTimeoutMs: 1000,
    serve: (connection) => new Serving(connection, async () => {}),
    log: silentLog,
    metrics: createMetrics(),
  });
  assert.deepEqual(outcome, {
    ok: false,
    error: `imap: cannot listen on 127.0.0.1:${listener.port}: the port is in use`,
  });
});

test('implicit TLS is served after the handshake, and a failed handshake leaves nothing behind', async (t) => {
  const { settings, ca } = await tlsSettings(t);
  const { listener, arrival } = await listening(t, { implicitTls: settings });
  const plain = await client(t, listener);
  plain.write('not TLS at all, not TLS at all');
  plain.on('end', () => plain.end());
  await once(plain.resume(), 'close');
  const secure = tlsConnect({ port: listener.port, host: '127.0.0.1', servername: 'localhost', ca });
  t.after(() => secure.destroy());
  const connection = await arrival();
  assert.equal(connection.secure, true);
  void connection.write('hello');
  assert.equal(String((await once(secure, 'data'))[0]), 'hello');
  await until(() => listener.guests.length === 1);
});

test('one connection too many from an address is told so and closed', async (t) => {
  const limits = { counts: new OpenCounts(10, 1), trusted: noNetworks };
  const { listener, arrival } = await listening(t, { limits, refusal: '* BYE too many connections\r\n' });
  const first = await client(t, listener);
  await arrival();
  assert.equal(await readAll(await client(t, listener)), '* BYE too many connections\r\n');
  first.resetAndDestroy();
  await until(() => limits.counts.total === 0);
  await client(t, listener);
  await arrival();
});

test('a trusted network is held to the total only', async (t) => {
  const trusted = parseNetworks(['127.0.0.0/8']);
  assert.ok(trusted.ok);
  const limits = { counts: new OpenCounts(2, 1), trusted: trusted.value };
  const { listener, arrival } = await listening(t, { limits });
  for (let i = 0; i < 2; i++) {
    await client(t, listener);
    await arrival();
  }
  assert.equal(await readAll(await client(t, listener)), '');
});

test('close waits for those who end by themselves and cuts nobody', async (t) => {
  const log = memoryLog();
  const { listener } = await listening(t, {
    log,
    serve: (connection) =>
      new Serving(connection, async (serving) => {
        await new Promise<void>((resolve) => {
          serving.onLeave = resolve;
        });
        assert.deepEqual(serving.asked, ['restart']);
        await connection.write('* BYE\r\n');
      }),
  });
  const socket = await client(t, listener);
  await until(() => listener.guests.length === 1);
  const closed = listener.close(60_000);
  assert.equal(await readAll(socket), '* BYE\r\n');
  socket.end();
  await closed;
  assert.deepEqual(log.events.at(-1)?.event, { event: 'listener.closed', service: 'test', cut: 0 });
});

test('close cuts who does not end in time', async (t) => {
  const log = memoryLog();
  const { listener, arrival } = await listening(t, { log });
  const socket = await client(t, listener);
  await arrival();
  socket.on('end', () => socket.end());
  await Promise.all([listener.close(1), once(socket.resume(), 'close')]);
  assert.deepEqual(log.events.at(-1)?.event, { event: 'listener.closed', service: 'test', cut: 1 });
});

test('a fault while serving is logged and ends that connection only', async (t) => {
  const log = memoryLog();
  const { listener } = await listening(t, {
    log,
    serve: (connection) => new Serving(connection, () => Promise.reject(new Error('a bug'))),
  });
  await readAll(await client(t, listener));
  const fault = log.events.find(({ event }) => event.event === 'connection.fault');
  assert.match(String(fault?.cause), /a bug/);
  await client(t, listener);
});
