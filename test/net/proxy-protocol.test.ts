import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import fc from 'fast-check';
import { OpenCounts } from '../../shared/net/limits.ts';
import { noNetworks, parseNetworks } from '../../shared/net/networks.ts';
import { parseProxyHeader } from '../../shared/net/proxy-protocol.ts';
import { client, listening, readAll, tlsSettings } from './harness.ts';

const start = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

function header(command: number, family: number, body: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([start, Buffer.from([command, family]), length, body]);
}

const ports = Buffer.from([0x30, 0x39, 0x03, 0xe1]);
const ipv4 = header(0x21, 0x11, Buffer.concat([Buffer.from([198, 51, 100, 7, 10, 0, 0, 1]), ports]));
const ipv6Body = Buffer.concat([Buffer.from('20010db8000000000000000000000001'.repeat(2), 'hex'), ports]);
const ipv6 = header(0x21, 0x21, Buffer.concat([ipv6Body, Buffer.from([4, 0, 1, 0])]));
const local = header(0x20, 0, Buffer.alloc(0));

test('headers say who connects, with and without what balancers add', () => {
  assert.deepEqual(parseProxyHeader(ipv4), { address: '198.51.100.7', length: ipv4.length });
  assert.deepEqual(parseProxyHeader(Buffer.concat([ipv6, Buffer.from('x')])), {
    address: '2001:db8:0:0:0:0:0:1',
    length: ipv6.length,
  });
  assert.deepEqual(parseProxyHeader(local), { address: undefined, length: local.length });
});

test('a header that is cut anywhere is incomplete, and one that is none is known by its first wrong byte', () => {
  for (let cut = 0; cut < ipv6.length; cut++)
    assert.equal(parseProxyHeader(ipv6.subarray(0, cut)), 'incomplete');
  assert.equal(parseProxyHeader(Buffer.from('GET / HTTP')), 'bad');
  assert.equal(parseProxyHeader(Buffer.from('PROXY TCP4 192.0.2.1')), 'bad');
  assert.equal(parseProxyHeader(header(0x11, 0x11, Buffer.alloc(12))), 'bad');
  assert.equal(parseProxyHeader(header(0x21, 0x11, Buffer.alloc(3))), 'bad');
  assert.equal(parseProxyHeader(header(0x21, 0x11, Buffer.alloc(5000))), 'bad');
});

test('any bytes are a header, incomplete or bad, never a throw', () =>
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (tail) => {
      for (const bytes of [Buffer.from(tail), Buffer.concat([start, tail])]) {
        const parsed = parseProxyHeader(bytes);
        if (typeof parsed === 'object') assert.ok(parsed.length <= bytes.length);
      }
    }),
  ));

const loopback = parseNetworks(['127.0.0.0/8']);
assert.ok(loopback.ok);
const behindProxy = (counts = new OpenCounts(100, 100)) => ({
  limits: { counts, trusted: noNetworks, proxies: loopback.value },
});

test('behind a balancer a connection is the client’s, and limits are by its address', async (t) => {
  const { listener, arrival } = await listening(t, {
    ...behindProxy(new OpenCounts(100, 1)),
    refusal: 'too many\r\n',
  });
  const one = await client(t, listener);
  one.write(Buffer.concat([ipv4, Buffer.from('hello')]));
  const connection = await arrival();
  assert.equal(connection.remoteAddress, '198.51.100.7');
  assert.equal(String(await connection.read()), 'hello');
  const two = await client(t, listener);
  two.write(ipv6);
  assert.equal((await arrival()).remoteAddress, '2001:db8::1');
  const three = await client(t, listener);
  three.write(ipv4);
  assert.equal(await readAll(three), 'too many\r\n');
});

test('the header comes before TLS, in pieces too', async (t) => {
  const { settings, ca } = await tlsSettings(t);
  const { listener, arrival } = await listening(t, { ...behindProxy(), implicitTls: settings });
  const socket = await client(t, listener);
  for (const byte of ipv4) socket.write(Buffer.from([byte]));
  const secure = tlsConnect({ socket, servername: 'localhost', ca });
  t.after(() => secure.destroy());
  const connection = await arrival();
  assert.equal(connection.remoteAddress, '198.51.100.7');
  void connection.write('hello');
  assert.equal(String((await once(secure, 'data'))[0]), 'hello');
});

test('without a header a balancer’s connection is cut, and a balancer that looks is nobody’s fault', async (t) => {
  const { listener } = await listening(t, behindProxy());
  for (const bytes of [Buffer.from('a1 NOOP\r\n'), local]) {
    const socket = await client(t, listener);
    socket.write(bytes);
    assert.equal(await readAll(socket), '');
  }
  assert.equal(listener.guests.length, 0);
});

test('from anybody else a header is not believed', async (t) => {
  const other = parseNetworks(['203.0.113.0/24']);
  assert.ok(other.ok);
  const limits = { counts: new OpenCounts(100, 100), trusted: noNetworks, proxies: other.value };
  const { listener, arrival } = await listening(t, { limits });
  const socket = await client(t, listener);
  socket.write(ipv4);
  const connection = await arrival();
  assert.equal(connection.remoteAddress, '127.0.0.1');
});
