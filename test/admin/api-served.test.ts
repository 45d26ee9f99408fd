import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { openSender } from '../support/send-mail.ts';
import { ServerProcess } from '../support/server-process.ts';

test('an account made through the API reads mail by IMAP and POP3 at once', async (t) => {
  const server = await ServerProcess.start();
  t.after(() => server.stop());
  const { stdout } = await server.restante([
    'key',
    'add',
    'provisioning',
    '--scopes',
    'domains:write,accounts:write',
  ]);
  const token = stdout.toString().trim();
  const post = async (path: string, body: object) => {
    const response = await fetch(`http://127.0.0.1:${server.ports.http}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': path,
      },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 201, await response.clone().text());
    return (await response.json()) as Record<string, string>;
  };
  const found = await fetch(`http://127.0.0.1:${server.ports.http}/v1`);
  assert.equal(((await found.json()) as { document: string }).document, '/openapi.json');
  await post('/v1/domains', { name: 'new.test' });
  const { address, password } = await post('/v1/accounts', { address: 'nina@new.test' });

  const sender = await openSender(server, 'lmtp');
  await sender.send([address!], Buffer.from('Subject: welcome\r\n\r\nhello\r\n'));
  sender.close();

  const ca = await readFile(server.caFile);
  const talk = async (port: number, lines: readonly string[], expected: RegExp) => {
    const socket = connect({ host: 'localhost', port, ca });
    t.after(() => socket.destroy());
    for (const line of lines) socket.write(`${line}\r\n`);
    const heard: string[] = [];
    for await (const line of createInterface({ input: socket })) {
      heard.push(line);
      if (expected.test(line)) return;
    }
    assert.fail(`it never said ${expected}: ${heard.join('\n')}`);
  };
  await talk(
    server.ports.imaps,
    [`a LOGIN ${address} ${password}`, 'b SELECT INBOX', 'c FETCH 1 BODY[TEXT]', 'd LOGOUT'],
    /^hello/,
  );
  await talk(server.ports.pop3s, [`USER ${address}`, `PASS ${password}`, 'RETR 1', 'QUIT'], /^hello/);

  const { stdout: keys } = await server.restante(['key', 'list', '--json']);
  const names = (JSON.parse(keys.toString()) as { name: string; id: string }[])
    .map(({ name }) => name)
    .sort();
  assert.deepEqual(names, ['first start', 'provisioning']);
  const document = await (await fetch(`http://127.0.0.1:${server.ports.http}/openapi.json`)).json();
  assert.equal((document as { openapi: string }).openapi, '3.1.0');
  assert.deepEqual(server.errors, []);
});
