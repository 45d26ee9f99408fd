import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import { ConnectionClosed } from '../../shared/net/connection.ts';
import { pair, readAll, tlsSettings, until } from './harness.ts';

const closed = (reason: string) => (cause: unknown) =>
  cause instanceof ConnectionClosed && cause.reason === reason;

test('bytes go both ways and are counted', async (t) => {
  const { socket, connection } = await pair(t);
  socket.write('hello');
  assert.equal(String(await connection.read()), 'hello');
  await connection.write('wörld');
  assert.equal(String((await once(socket, 'data'))[0]), 'wörld');
  assert.deepEqual([connection.received, connection.sent], [5, 6]);
  assert.equal(connection.remoteAddress, '127.0.0.1');
  assert.equal(connection.secure, false);
  assert.equal(connection.cipher, undefined);
});

test("who writes is told once when the octets are the system's, and not while a client that reads nothing keeps them", async (t) => {
  const { socket, connection } = await pair(t);
  socket.pause();
  const handed: number[] = [];
  const chunk = new Uint8Array(1 << 20);
  let last = 0;
  // Until neither end has room for more.
  while (handed.length === last && last < 64) {
    connection.write(chunk, () => handed.push(last)).catch(() => undefined);
    last++;
  }
  const kept = last - handed.length;
  assert.ok(kept > 0);
  let received = 0;
  socket.on('data', (bytes) => (received += bytes.length));
  socket.resume();
  await until(() => received === last * chunk.length && handed.length === last);
});

test('a client that has said its last still gets its answers', async (t) => {
  const { socket, connection } = await pair(t);
  socket.end('quit');
  assert.equal(String(await connection.read()), 'quit');
  assert.equal(await connection.read(), 'end');
  await connection.write('bye');
  const [text] = await Promise.all([readAll(socket), connection.close()]);
  assert.equal(text, 'bye');
});

test('while one read waits another call gives the same promise', async (t) => {
  const { socket, connection } = await pair(t);
  const read = connection.read();
  assert.equal(connection.read(), read);
  socket.write('x');
  assert.equal(String(await read), 'x');
  assert.notEqual(connection.read(), read);
});

test('a client that sends nothing is idle, again and again, and the connection stays', async (t) => {
  const { socket, connection } = await pair(t);
  connection.setIdleTimeout(1);
  assert.equal(await connection.read(), 'idle');
  assert.equal(await connection.read(), 'idle');
  connection.setIdleTimeout(60_000);
  const read = connection.read();
  connection.renewIdle();
  socket.write('x');
  assert.equal(String(await read), 'x');
});

test('a shorter idle timeout counts for a read that already waits', async (t) => {
  const { connection } = await pair(t);
  const read = connection.read();
  connection.setIdleTimeout(1);
  assert.equal(await read, 'idle');
});

test('a client that sends faster than it is read is held back, and nothing is lost', async (t) => {
  const { socket, connection } = await pair(t);
  const sent = Buffer.alloc(4_000_000, 'abcdefg');
  socket.end(sent);
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  assert.ok(connection.received <= 256 * 1024, `${connection.received} bytes held`);
  const chunks: Uint8Array[] = [];
  for (let got = await connection.read(); got instanceof Uint8Array; got = await connection.read())
    chunks.push(got);
  assert.ok(Buffer.concat(chunks).equals(sent));
});

test('a write waits for a client that does not read, and goes on when it does', async (t) => {
  const { socket, connection } = await pair(t);
  socket.pause();
  const chunk = Buffer.alloc(256 * 1024, 'x');
  const writes: Promise<void>[] = [];
  while (writes.length < 100) writes.push(connection.write(chunk));
  let settled = false;
  void Promise.all(writes).then(() => (settled = true));
  for (let turn = 0; turn < 50; turn++) await nextTurn();
  assert.equal(settled, false);
  let got = 0;
  socket.on('data', (data) => (got += data.length)).resume();
  await Promise.all(writes);
  await until(() => got === 100 * chunk.length);
});

test('a client that never reads is cut when the write timeout has passed', async (t) => {
  const { socket, connection } = await pair(t);
  socket.pause();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const stuck = connection.write(Buffer.alloc(32 * 1024 * 1024));
  const both = Promise.all([assert.rejects(stuck, closed('stuck')), once(connection.closed, 'abort')]);
  t.mock.timers.tick(5 * 60_000 + 32 * 1024 * 1024);
  await both;
  await assert.rejects(connection.write('more'), closed('stuck'));
  assert.equal(await connection.read(), 'end');
});

test('a write that waits is rejected when the client resets the connection', async (t) => {
  const { socket, connection } = await pair(t);
  socket.pause();
  const stuck = connection.write(Buffer.alloc(32 * 1024 * 1024));
  const rejected = assert.rejects(stuck, ConnectionClosed);
  socket.resetAndDestroy();
  await rejected;
  assert.equal(connection.closed.aborted, true);
});

test('close sends what is left and ends a read that waits', async (t) => {
  const { socket, connection } = await pair(t);
  const read = connection.read();
  void connection.write('* BYE\r\n');
  const done = connection.close();
  assert.equal(await read, 'end');
  assert.equal(await readAll(socket), '* BYE\r\n');
  socket.end();
  await done;
  await connection.close();
  await assert.rejects(connection.write('x'), closed('closed'));
});

test('close cuts a client that never closes when the grace is over', async (t) => {
  const { connection } = await pair(t);
  await connection.close(1);
  assert.equal(connection.closed.aborted, true);
});

test('STARTTLS discards what was sent in plain before it', async (t) => {
  const { settings, ca } = await tlsSettings(t);
  const { socket, connection } = await pair(t);
  socket.write('STARTTLS\r\n');
  assert.equal(String(await connection.read()), 'STARTTLS\r\n');
  socket.write('INJECTED\r\n');
  await until(() => connection.received === 20);
  const upgraded = connection.startTls(settings, 'OK\r\n');
  assert.equal(String((await once(socket, 'data'))[0]), 'OK\r\n');
  const secure = tlsConnect({ socket, ca, servername: 'localhost', ALPNProtocols: ['imap'] });
  t.after(() => secure.destroy());
  await Promise.all([upgraded, once(secure, 'secureConnect')]);
  assert.equal(secure.authorized, true);
  assert.equal(secure.alpnProtocol, 'imap');
  assert.equal(connection.secure, true);
  assert.equal(connection.cipher?.version, 'TLSv1.3');
  secure.write('NOOP\r\n');
  assert.equal(String(await connection.read()), 'NOOP\r\n');
  await connection.write('done');
  assert.equal(String((await once(secure, 'data'))[0]), 'done');
  secure.end('last');
  assert.equal(String(await connection.read()), 'last');
  assert.equal(await connection.read(), 'end');
  await connection.close();
});

test('answers still under way are sent before TLS begins', async (t) => {
  const { settings, ca } = await tlsSettings(t);
  const { socket, connection } = await pair(t);
  const before = Buffer.alloc(8 * 1024 * 1024, 'p');
  socket.pause();
  void connection.write(before);
  const upgraded = connection.startTls(settings, 'OK');
  let got = Buffer.alloc(0);
  const onData = (data: Buffer) => (got = Buffer.concat([got, data]));
  socket.on('data', onData).resume();
  await until(() => got.length >= before.length + 2);
  assert.equal(got.subarray(before.length).toString(), 'OK');
  socket.off('data', onData);
  const secure = tlsConnect({ socket, ca, servername: 'localhost' });
  t.after(() => secure.destroy());
  await Promise.all([upgraded, once(secure, 'secureConnect')]);
});

test('plain text in place of a handshake ends the connection', async (t) => {
  const { settings } = await tlsSettings(t);
  const { socket, connection } = await pair(t);
  const upgraded = connection.startTls(settings);
  socket.write('a1 LOGIN alice secret\r\n');
  await assert.rejects(upgraded, closed('handshake'));
  await until(() => connection.closed.aborted);
});

test('a client that offers only other application protocols is refused', async (t) => {
  const { settings, ca } = await tlsSettings(t);
  const { socket, connection } = await pair(t);
  const upgraded = connection.startTls(settings);
  const secure = tlsConnect({ socket, ca, servername: 'localhost', ALPNProtocols: ['http/1.1'] });
  secure.on('error', () => {});
  await assert.rejects(upgraded, closed('handshake'));
});

test('a handshake that does not come is not waited for', async (t) => {
  const { settings } = await tlsSettings(t, { handshakeTimeoutMs: 1 });
  const { connection } = await pair(t);
  await assert.rejects(connection.startTls(settings), closed('handshake'));
});

test('a client that leaves before or within the handshake is gone at once', async (t) => {
  const { settings, ca } = await tlsSettings(t);
  const silent = await pair(t);
  const upgraded = silent.connection.startTls(settings);
  silent.socket.end();
  await assert.rejects(upgraded, closed('handshake'));
  await until(() => silent.connection.closed.aborted);
  const distrustful = await pair(t);
  const refused = distrustful.connection.startTls(settings);
  const secure = tlsConnect({ socket: distrustful.socket, ca, servername: 'another.host' });
  secure.on('error', () => {});
  await refused.catch(() => {}); // Whether the handshake was complete by then is the client's library's affair.
  if (!distrustful.connection.closed.aborted) assert.equal(await distrustful.connection.read(), 'end');
});

test('a broken TLS record after the handshake ends the connection', async (t) => {
  const { settings, ca } = await tlsSettings(t);
  const { socket, connection } = await pair(t);
  const upgraded = connection.startTls(settings);
  const secure = tlsConnect({ socket, ca, servername: 'localhost' });
  secure.on('error', () => {});
  await Promise.all([upgraded, once(secure, 'secureConnect')]);
  socket.write('this is not TLS, this is not TLS');
  assert.equal(await connection.read(), 'end');
  await until(() => connection.closed.aborted);
});

test('a second connection resumes the TLS session of the first', async (t) => {
  const { settings, ca } = await tlsSettings(t);
  const first = await pair(t);
  const upgraded = first.connection.startTls(settings);
  const secure = tlsConnect({ socket: first.socket, ca, servername: 'localhost' });
  const [session] = await Promise.all([
    once(secure, 'session').then(([ticket]) => ticket as Buffer),
    upgraded,
    once(
      secure.on('data', () => {}),
      'secureConnect',
    ),
  ]);
  const second = await pair(t);
  const again = second.connection.startTls(settings);
  const resumed = tlsConnect({ socket: second.socket, ca, servername: 'localhost', session });
  await Promise.all([again, once(resumed, 'secureConnect')]);
  assert.equal(resumed.isSessionReused(), true);
});
