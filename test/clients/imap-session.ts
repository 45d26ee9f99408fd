import { readFile } from 'node:fs/promises';
import { ImapFlow, type ImapFlowOptions } from 'imapflow';
import type { ServerProcess, TestAccount } from '../support/server-process.ts';

/** imapflow, signed in over verified TLS. A fault of the connection rejects what is under way on it. */
export async function openImap(
  server: ServerProcess,
  account: TestAccount,
  options: Partial<ImapFlowOptions> = {},
): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: 'localhost',
    port: server.ports.imaps,
    secure: true,
    auth: { user: account.address, pass: account.password },
    tls: { ca: await readFile(server.caFile, 'utf8') },
    logger: false,
    ...options,
  });
  client.on('error', () => {});
  await client.connect();
  return client;
}
