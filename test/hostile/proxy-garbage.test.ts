import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenCounts } from '../../shared/net/limits.ts';
import { noNetworks, parseNetworks } from '../../shared/net/networks.ts';
import { memoryLog } from '../../shared/telemetry/log.ts';
import { contents, inboundWorld } from '../inbound/harness.ts';
import { pop3World } from '../pop3/harness.ts';
import { FakeTimers } from '../support/fake-timers.ts';
import { Attacker } from './attacker.ts';

const local = parseNetworks(['127.0.0.0/8']);
assert.ok(local.ok);
const limits = { counts: new OpenCounts(100, 100), trusted: noNetworks, proxies: local.value };

const signature = '0d0a0d0a000d0a515549540a';
const header = Buffer.from(`${signature}2111000cc0000207c0000201126703e1`, 'hex');
const garbage: readonly (readonly [string, string | Uint8Array])[] = [
  ['no header', 'USER anna@example.org\r\n'],
  ['version 1', 'PROXY TCP4 192.0.2.7 192.0.2.1 4711 995\r\n'],
  ['NUL bytes', new Uint8Array(64)],
  ['a length beyond all that balancers send', Buffer.from(`${signature}2111ffff`, 'hex')],
  ['addresses that are cut off', Buffer.from(`${signature}21110002c000`, 'hex')],
  ['another version', Buffer.from(`${signature}3111000cc0000207c0000201126703e1`, 'hex')],
  ['an unknown command', Buffer.from(`${signature}2211000cc0000207c0000201126703e1`, 'hex')],
  ['an unknown family', Buffer.from(`${signature}2151000cc0000207c0000201126703e1`, 'hex')],
];

test('what comes from a balancer without a proper PROXY header is cut, and others are served', async (t) => {
  const log = memoryLog();
  const pop3 = await pop3World(t, { change: () => ({ limits, log }) });
  const smtp = await inboundWorld(t, () => ({ limits, log }));
  for (const [port, greeting] of [
    [pop3.port, '+OK'],
    [smtp.smtp, '220'],
    [smtp.lmtp, '220'],
  ] as const) {
    for (const [, bytes] of garbage) {
      const attacker = await Attacker.on(port, { greeted: false });
      attacker.send(bytes);
      await attacker.ended();
      assert.equal(attacker.said, '');
    }
    // Byte by byte, as a network may have it.
    const client = await Attacker.on(port, { greeted: false });
    await client.drip(header.toString('latin1'));
    await client.says(greeting);
    client.close();
  }
  assert.deepEqual(
    log.events.filter(({ event }) => event.event === 'connection.fault'),
    [],
  );
});

test('a header that does not come to its end is waited for for five seconds', async (t) => {
  const timers = FakeTimers.install(t);
  const pop3 = await pop3World(t, { change: () => ({ limits }) });
  const smtp = await inboundWorld(t, () => ({ limits }));
  for (const port of [pop3.port, smtp.smtp]) {
    const attacker = await Attacker.on(port, { greeted: false });
    attacker.send(header.subarray(0, 20));
    await timers.pass(5000);
    await attacker.ended();
    assert.equal(attacker.said, '');
  }
});

test('a message that breaks off in DATA is not delivered, and is no fault of ours', async (t) => {
  const log = memoryLog();
  const world = await inboundWorld(t, () => ({ log }));
  for (const [port, hello] of [
    [world.smtp, 'EHLO x'],
    [world.lmtp, 'LHLO x'],
  ] as const) {
    const attacker = await Attacker.on(port);
    attacker.send(`${hello}\r\nMAIL FROM:<x@example.com>\r\nRCPT TO:<anna@example.org>\r\nDATA\r\n`);
    await attacker.says('354');
    attacker.send(`Subject: half\r\n\r\n${'x\r\n'.repeat(20_000)}`);
    attacker.reset();
    const other = await Attacker.on(port);
    other.send(`${hello}\r\nMAIL FROM:<x@example.com>\r\nRCPT TO:<anna@example.org>\r\nDATA\r\n`);
    await other.says('354');
    other.send('Subject: whole\r\n\r\n.\r\nQUIT\r\n');
    await other.says('221');
    other.close();
  }
  const subjects = (await contents(world.anna)).map((message) => /^Subject: (.*)\r$/m.exec(message)?.[1]);
  assert.deepEqual(subjects, ['whole', 'whole']);
  assert.deepEqual(
    log.events.filter(({ event }) => event.event === 'connection.fault'),
    [],
  );
});
