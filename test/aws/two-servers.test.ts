import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { after, describe, type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import type { ImapFlow } from 'imapflow';
import { openImap } from '../clients/imap-session.ts';
import { type AwsEmulators, startAwsEmulators, valkeyVariable } from '../support/aws-emulators.ts';
import { ServerProcess, type TestAccount } from '../support/server-process.ts';
import { serverEnvironment } from '../support/server-store.ts';

/** Far above what it takes, and far below the next look where there is Valkey. */
const limitMs = 20_000;

describe('two servers on one AWS store', () => {
  let emulators: AwsEmulators | undefined;
  after(() => emulators?.stop());

  const start = async (t: TestContext, options: readonly string[]) => {
    emulators ??= await startAwsEmulators();
    const fresh = { ...emulators, directoryTable: await emulators.newDirectoryTable() };
    const servers: ServerProcess[] = [];
    for (let i = 0; i < 2; i++) {
      const server = await ServerProcess.start(options, undefined, serverEnvironment(fresh));
      t.after(() => server.stop());
      servers.push(server);
    }
    const [one, other] = servers as [ServerProcess, ServerProcess];
    await one.addDomain();
    return { one, other, alice: await one.addAccount('alice') };
  };

  test('what is changed through one is seen through the other, by polling', async (t) => {
    const { one, other, alice } = await start(t, ['--poll-interval', '0.1']);
    await changesCross(t, one, other, alice);
    await maildropIsExclusive(one, other, alice);
    assert.deepEqual([...one.errors, ...other.errors], []);
  });

  const valkey = process.env[valkeyVariable];
  const skip = valkey ? false : `no ${valkeyVariable}`;
  test('what is changed through one is told to the other by Valkey', { skip }, async (t) => {
    // Nobody looks at a tail within the time that the test takes.
    const { one, other, alice } = await start(t, ['--poll-interval', '600', '--valkey', valkey!]);
    const ms = await changesCross(t, one, other, alice);
    t.diagnostic(`told within ${ms.map((each) => each.toFixed(0)).join(', ')} ms`);
    await maildropIsExclusive(one, other, alice);
    assert.deepEqual([...one.errors, ...other.errors], []);
  });
});

/** Answers how long each of several new messages took from its APPEND's OK to the other server's EXISTS, ms. */
async function changesCross(
  t: TestContext,
  one: ServerProcess,
  other: ServerProcess,
  account: TestAccount,
): Promise<number[]> {
  const writer = await openImap(one, account);
  t.after(() => writer.close());
  const reader = await openImap(other, account);
  t.after(() => reader.close());
  await reader.mailboxOpen('INBOX');
  const idling = reader.idle();
  const times: number[] = [];
  for (let count = 1; count <= 5; count++) {
    const told = event(reader, 'exists');
    await writer.append('INBOX', `Subject: number ${count}\r\n\r\nHello.\r\n`);
    const at = performance.now();
    assert.equal((await told).count, count);
    times.push(performance.now() - at);
  }
  const flagged = event(reader, 'flags');
  await writer.mailboxOpen('INBOX');
  await writer.messageFlagsAdd('3', ['\\Flagged']);
  assert.deepEqual((await flagged).seq, 3);
  const gone = event(reader, 'expunge');
  await writer.messageDelete('2');
  assert.equal((await gone).seq, 2);
  await reader.noop();
  await idling;
  const message = await reader.fetchOne('2', { source: true, flags: true });
  assert.ok(message);
  assert.ok(message.source);
  assert.match(message.source.toString(), /^Subject: number 3\r\n/);
  assert.ok(message.flags?.has('\\Flagged'));
  await writer.logout();
  await reader.logout();
  return times;
}

async function event(client: ImapFlow, name: string): Promise<{ count?: number; seq?: number }> {
  const signal = AbortSignal.timeout(limitMs);
  const [what] = await once(client, name, { signal });
  return what;
}

/** A maildrop that is open at one server is in use at the other (RFC 1939 §4), until QUIT. */
async function maildropIsExclusive(one: ServerProcess, other: ServerProcess, account: TestAccount) {
  const first = await signIn(one, account);
  assert.match(first.answer, /^\+OK/);
  assert.match((await signIn(other, account)).answer, /^-ERR \[IN-USE\]/);
  await first.quit();
  const second = await signIn(other, account);
  assert.match(second.answer, /^\+OK/);
  await second.quit();
}

async function signIn(server: ServerProcess, { address, password }: TestAccount) {
  const ca = await readFile(server.caFile);
  const socket = connect({ host: 'localhost', port: server.ports.pop3s, ca });
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => (await lines.next()).value ?? '';
  await next();
  socket.write(`USER ${address}\r\nPASS ${password}\r\n`);
  await next();
  const answer = await next();
  if (!answer.startsWith('+OK')) socket.destroy();
  return {
    answer,
    async quit(): Promise<void> {
      socket.write('QUIT\r\n');
      assert.match(await next(), /^\+OK/);
      socket.destroy();
    },
  };
}
