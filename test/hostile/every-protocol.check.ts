import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { ServerProcess } from '../support/server-process.ts';
import { Attacker } from './attacker.ts';
import { allGone, type Protocol, probe, probes, protocols } from './protocols.ts';

const megabyte = 1024 * 1024;
const secret = 'c3dvcmRmaXNo';

let server: ServerProcess;
before(async () => {
  server = await ServerProcess.start([
    '--allow-plaintext-auth',
    '--log-level',
    'debug',
    '--drain-seconds',
    '1',
  ]);
});
after(async () => {
  await server.kill();
  await rm(server.folder, { recursive: true, force: true });
});

const residentMegabytes = async (): Promise<number> => {
  const page = await (await fetch(`http://127.0.0.1:${server.ports.http}/metrics`)).text();
  return Number(/^restante_process_resident_bytes (\d+)/m.exec(page)?.[1]) / megabyte;
};

for (const protocol of protocols)
  describe(protocol.name, () => {
    const open = (): Promise<Attacker> =>
      Attacker.on(server.ports[protocol.name], { greeted: protocol.greets });
    /** What must hold after each: others are served, and what was attacked is gone. */
    const unharmed = async (...attackers: readonly Attacker[]): Promise<void> => {
      await probe(server, protocol);
      for (const attacker of attackers) attacker.close();
      await allGone(server);
      assert.deepEqual(server.errors, []);
    };

    test('a command that comes byte by byte is answered, and others at once meanwhile', async () => {
      const slow = await open();
      const half = Math.floor(protocol.harmless.length / 2);
      await slow.drip(protocol.harmless.slice(0, half));
      await probes(server, protocol, 5);
      await slow.drip(protocol.harmless.slice(half));
      await slow.says(protocol.answer);
      await unharmed(slow);
    });

    test('a line without an end is given up long before it is held', async () => {
      const attacker = await open();
      attacker.send(protocol.longLine);
      attacker.flood('x'.repeat(64 * 1024), 64 * megabyte);
      // Where a line that is too long is read over, it is so without being kept.
      await probes(server, protocol, 20);
      assert.ok((await residentMegabytes()) < 400);
      await unharmed(attacker);
    });

    test('commands without end, whose answers nobody reads, are not read on', async () => {
      const attacker = await open();
      attacker.deaf();
      attacker.flood(protocol.harmless.repeat(1000), 256 * megabyte);
      await probes(server, protocol, 20);
      if (protocol.fewCommands === undefined) {
        const before = attacker.taken;
        await probes(server, protocol, 10);
        // What the kernel and the server's small buffers hold, and then nothing more.
        assert.equal(attacker.taken, before);
        assert.ok(before < 32 * megabyte, `${before} bytes were taken`);
      }
      assert.ok((await residentMegabytes()) < 400);
      await unharmed(attacker);
    });

    test('noise and NUL bytes end in a refusal or the end of the connection', async () => {
      const noise = Array.from({ length: 4000 }, (_, i) => (i * 7919) % 256);
      for (const bytes of [
        Uint8Array.from(noise),
        new Uint8Array(3000),
        Buffer.from('NO\0OP\r\n'.repeat(50)),
      ]) {
        const attacker = await open();
        attacker.send(bytes);
        attacker.send('\r\n\r\n');
        attacker.halfClose();
        await attacker.ended();
        await unharmed(attacker);
      }
    });

    test('a client that has said its last gets its answer', async () => {
      const attacker = await open();
      attacker.send(protocol.harmless);
      attacker.halfClose();
      await attacker.says(protocol.answer);
      await attacker.ended();
      await unharmed(attacker);
    });

    test('resets at any point harm nobody', async () => {
      const many = await Promise.all(Array.from({ length: 20 }, open));
      for (const [i, attacker] of many.entries()) {
        attacker.send(protocol.harmless.slice(0, i % (protocol.harmless.length + 1)));
        attacker.reset();
      }
      await unharmed();
    });

    if (protocol.signIn.length > 0)
      test('a sign-in whose answer never ends is given up, and no word of it is logged', async () => {
        const attacker = await open();
        for (const line of protocol.signIn) {
          const said = attacker.said.length;
          attacker.send(line);
          while (attacker.said.length === said) await probe(server, protocol);
        }
        attacker.flood(secret.repeat(1000), 64 * megabyte);
        await probes(server, protocol, 10);
        assert.ok((await residentMegabytes()) < 400);
        await unharmed(attacker);
        assert.ok(!server.lines.some((line) => line.includes(secret)));
      });

    test('whatever comes, in whatever pieces, others are served', async () => {
      const words = fc.constantFrom(
        ...[
          '(',
          ')',
          '{',
          '}',
          '{5}\r\n',
          '{99999999999}\r\n',
          '{1000+}\r\n',
          '"',
          '\\',
          '*',
          '%',
          '\0',
          '\r',
          '\n',
          '\r\n',
        ],
        ...[
          'a ',
          'LOGIN',
          'FETCH',
          'SEARCH',
          'AUTHENTICATE PLAIN',
          '=',
          'STARTTLS',
          'STLS',
          'USER',
          'PASS',
          'AUTH',
          'MAIL FROM:<',
        ],
        ...[
          'RCPT TO:<',
          '>',
          'DATA',
          'BDAT',
          'EHLO',
          'LHLO',
          ' HTTP/1.1',
          'GET ',
          'Content-Length: 9',
          'Host: x',
          'Expect: 100-continue',
        ],
      );
      const piece = fc.oneof(words, fc.string({ maxLength: 20 }), fc.uint8Array({ maxLength: 20 }));
      await fc.assert(
        fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
          const attacker = await open();
          for (const bytes of pieces) attacker.send(bytes);
          attacker.halfClose();
          await attacker.ended();
          await probe(server, protocol);
        }),
        { numRuns: 25, seed: 20_261_128 },
      );
      await unharmed();
    });
  });

test('what is no TLS, where TLS begins with the first byte, is closed', async () => {
  for (const name of ['imaps', 'pop3s', 'submissions'] as const) {
    const hello = Buffer.from('16030100500100004c0303', 'hex');
    for (const bytes of [
      'GET / HTTP/1.1\r\n\r\n',
      new Uint8Array(5000),
      Buffer.concat([hello, new Uint8Array(4000)]),
    ]) {
      const attacker = await Attacker.on(server.ports[name], { greeted: false });
      attacker.send(bytes);
      attacker.halfClose();
      await attacker.ended();
    }
    // In the middle of a handshake.
    const silent = await Attacker.on(server.ports[name], { greeted: false });
    silent.send(hello);
    silent.reset();
  }
  for (const protocol of protocols as readonly Protocol[]) await probe(server, protocol);
  await allGone(server);
  assert.deepEqual(server.errors, []);
});
