import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { OpenCounts } from '../../shared/net/limits.ts';
import { noNetworks, parseNetworks } from '../../shared/net/networks.ts';
import { Attacker } from '../hostile/attacker.ts';
import { until } from '../net/harness.ts';
import { FakeTimers } from '../support/fake-timers.ts';
import { submissionWorld } from './harness.ts';

async function silent(t: TestContext, port: number): Promise<Attacker> {
  const attacker = await Attacker.on(port, { greeted: false });
  t.after(() => attacker.close());
  return attacker;
}

test('connections that have not done their TLS handshake count for their address, and once', async (t) => {
  const counts = new OpenCounts(100, 2);
  const { implicit } = await submissionWorld(t, { limits: { counts, trusted: noNetworks } });
  const first = await silent(t, implicit);
  const session = tlsConnect({ port: implicit, host: '127.0.0.1', rejectUnauthorized: false });
  assert.match(String(await once(session, 'data')), /^220 /);
  assert.equal(counts.total, 2);
  const third = await silent(t, implicit);
  await third.ended();
  assert.equal(third.said, '');
  session.end('QUIT\r\n');
  await until(() => counts.total === 1);
  const [second, fourth] = [await silent(t, implicit), await silent(t, implicit)];
  await fourth.ended();
  for (const one of [first, second]) one.close();
  await until(() => counts.total === 0);
});

test('behind a balancer, too, by the address that its header names', async (t) => {
  const proxies = parseNetworks(['127.0.0.0/8']);
  assert.ok(proxies.ok);
  const counts = new OpenCounts(100, 1);
  const limits = { counts, trusted: noNetworks, proxies: proxies.value };
  const { implicit } = await submissionWorld(t, { limits });
  const from = async (address: string) => {
    const one = await silent(t, implicit);
    one.send(Buffer.from(`0d0a0d0a000d0a515549540a2111000c${address}c0000201126703e1`, 'hex'));
    return one;
  };
  await from('c0000207');
  await until(() => counts.total === 1);
  await (await from('c0000207')).ended();
  await from('c0000208');
  await until(() => counts.total === 2);
});

test('a TLS handshake that does not come to its end is waited for for half a minute, octets or not', async (t) => {
  const timers = FakeTimers.install(t);
  const counts = new OpenCounts(100, 100);
  const { implicit } = await submissionWorld(t, { limits: { counts, trusted: noNetworks } });
  const one = await silent(t, implicit);
  // The beginning of a record, whose length is announced.
  one.send(Buffer.from('1603010200', 'hex'));
  await until(() => counts.total === 1);
  await timers.pass(20_000);
  one.send(Buffer.from('01', 'hex'));
  await timers.pass(9999);
  assert.equal(counts.total, 1);
  await timers.pass(1);
  await one.ended();
  await until(() => counts.total === 0);
});
