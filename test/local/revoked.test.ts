import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { WireClient } from '../imap/wire-client.ts';
import { runCommand } from '../support/run-command.ts';
import { ServerProcess } from '../support/server-process.ts';

/** Waits for a line that begins so. */
async function says(client: WireClient, start: string): Promise<string> {
  for (;;) {
    const line = await client.nextLine();
    assert.ok(line, `closed before ${start}`);
    if (line.text.startsWith(start)) return line.text;
  }
}

test('the command line beside a server of two workers ends the sessions that a changed account had opened, wherever they are', async (t) => {
  const server = await ServerProcess.start([
    '--workers',
    '2',
    '--allow-plaintext-auth',
    '--drain-seconds',
    '1',
  ]);
  t.after(async () => {
    await server.kill();
    await rm(server.folder, { recursive: true, force: true });
  });
  await server.addDomain();
  const { address, password } = await server.addAccount('alice');
  // In this process, which is not the server's.
  const restante = async (args: readonly string[], input = ''): Promise<string> => {
    const stdin = Readable.from([Buffer.from(input)]);
    const { code, stdout, stderr } = await runCommand(server.dataFolder, args, undefined, { stdin });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const added = await restante(['app-password', 'add', address, 'telephone']);
  const appPassword = /[a-z0-9]{4,}(-[a-z0-9]{4,})+/.exec(added)?.[0];
  assert.ok(appPassword, added);
  const list = await restante(['app-password', 'list', address]);
  const listed = /\b[0-9a-f]{16}\b/.exec(list)?.[0];
  assert.ok(listed, list);

  const { ports } = server;
  const idling = async (secret: string) => {
    const client = await WireClient.connect(ports.imap);
    client.send(`a LOGIN ${address} ${secret}\r\nb SELECT INBOX\r\nc IDLE\r\n`);
    await says(client, '+');
    return client;
  };
  // In turn: one of each at each worker.
  const own = [await idling(password), await idling(password)];
  const phone = [await idling(appPassword), await idling(appPassword)];
  const pop3 = await WireClient.connect(ports.pop3, undefined, 'other');
  pop3.send(`USER ${address}\r\nPASS ${appPassword}\r\n`);
  await says(pop3, '+OK 0 messages');
  const sender = await WireClient.connect(ports.submission, undefined, 'other');
  await says(sender, '220');
  const plain = Buffer.from(`\0${address}\0${password}`).toString('base64');
  sender.send('EHLO client.test\r\n');
  await says(sender, '250 ');
  sender.send(`AUTH PLAIN ${plain}\r\n`);
  await says(sender, '235');
  sender.send(`MAIL FROM:<${address}>\r\n`);
  await says(sender, '250');

  await restante(['account', 'passwd', address, '--password-stdin'], 'another one\n');
  for (const client of own) await says(client, '* BYE The password that you signed in with');
  await says(sender, '421 4.7.0 The password that you signed in with');
  phone[0]!.send('DONE\r\n');
  await says(phone[0]!, 'c OK');

  await restante(['account', 'set', address, '--protocols', 'imap,submission']);
  await says(pop3, '-ERR [SYS/PERM] POP3 is switched off');
  await restante(['app-password', 'remove', address, listed]);
  for (const client of phone) await says(client, '* BYE The password that you signed in with');
  for (const client of [...own, ...phone, pop3, sender]) client.close();

  const last = await idling('"another one"');
  await restante(['account', 'remove', address]);
  await says(last, '* BYE This account was removed');
  last.close();
  assert.deepEqual(server.errors, []);
});
