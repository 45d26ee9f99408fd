import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import { type InboundParts, type InboundServer, startInbound } from '../../services/inbound/server.ts';
import type { RecipientDirectory } from '../../shared/directory/resolve-recipient.ts';
import type { Account } from '../../shared/engine/account.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import { type AccountId, newAccountId, systemEntropy } from '../../shared/ids.ts';
import { OpenCounts } from '../../shared/net/limits.ts';
import { noNetworks } from '../../shared/net/networks.ts';
import type { AccountRecord, Address, Alias, Domain } from '../../shared/ports/directory.ts';
import { silentLog } from '../../shared/telemetry/log.ts';
import { createMetrics } from '../../shared/telemetry/metrics.ts';
import { type LocalEngine, localEngine } from '../support/local-engine.ts';
import { accountRecord } from '../support/signed-in.ts';

export const hostname = 'mx.example.org';

/** A directory in memory: the domain example.org, and one that nobody is in. */
export class People implements RecipientDirectory {
  readonly accounts = new Map<string, AccountRecord>();
  readonly aliases = new Map<string, Alias>();

  add(name: string, id: AccountId, status: AccountRecord['status'] = 'active'): AccountRecord {
    const record = accountRecord(id, {
      address: `${name}@example.org` as Address,
      displayName: name,
      status,
    });
    this.accounts.set(record.address, record);
    return record;
  }

  addAlias(name: string, ...targets: readonly string[]): void {
    const address = `${name}@example.org` as Address;
    const full = targets.map((target) => `${target}@example.org` as Address);
    this.aliases.set(address, { address, targets: full, createdAt: 0 });
  }

  accountByAddress = async (address: Address) => this.accounts.get(address);
  alias = async (address: Address) => this.aliases.get(address);
  readonly #domains = ['example.com.invalid', 'example.org'].map(
    (name) => ({ name, tenant: 'default', createdAt: 0 }) as Domain,
  );
  domains = async () => ({ items: this.#domains, next: undefined });
  domain = async (name: string) => this.#domains.find((domain) => domain.name === name);
}

export interface Town {
  readonly local: LocalEngine;
  readonly people: People;
  readonly anna: Account;
  readonly bob: Account;
}

/** anna@ and bob@example.org, the alias both@, and carl@, who is suspended; over the shared store unless a folder is given. */
export async function town(folder?: string): Promise<Town> {
  const local = await localEngine({}, folder);
  const people = new People();
  const [anna, bob] = [await local.account(), await local.account()];
  people.add('anna', anna.id);
  people.add('bob', bob.id);
  people.add('carl', newAccountId(systemEntropy), 'suspended');
  people.addAlias('both', 'anna', 'bob');
  return { local, people, anna, bob };
}

export interface InboundWorld extends Town {
  readonly server: InboundServer;
  readonly smtp: number;
  readonly lmtp: number;
}

export async function inboundWorld(
  t: TestContext,
  change: (
    parts: InboundParts,
    local: LocalEngine,
  ) => Partial<InboundParts> | Promise<Partial<InboundParts>> = () => ({}),
  folder?: string,
): Promise<InboundWorld> {
  const here = await town(folder);
  const parts: InboundParts = {
    engine: here.local.engine,
    directory: here.people,
    tls: undefined,
    listeners: { smtp: [{ host: '127.0.0.1', port: 0 }], lmtp: [{ host: '127.0.0.1', port: 0 }] },
    limits: { counts: new OpenCounts(100, 100), trusted: noNetworks },
    log: silentLog,
    metrics: createMetrics(),
    options: { hostname },
  };
  const started = await startInbound({ ...parts, ...(await change(parts, here.local)) });
  if (!started.ok) throw new Error(started.error);
  t.after(() => started.value.close(0));
  const { smtp, lmtp } = started.value;
  return { ...here, server: started.value, smtp: smtp[0]!.port, lmtp: lmtp[0]!.port };
}

/** The octets of the messages of a mailbox, in order. */
export async function contents(account: Account, name = 'INBOX'): Promise<string[]> {
  assert((await account.refresh()).ok);
  const mailbox = (await account.whole()).mailboxes.named(name);
  const messages: string[] = [];
  for (const row of rowsOf(mailbox?.chunks ?? [])) {
    const { body } = await account.body(row.message);
    const chunks: Uint8Array[] = [];
    if (body instanceof Uint8Array) chunks.push(body);
    else for await (const chunk of body) chunks.push(chunk);
    messages.push(Buffer.concat(chunks).toString('latin1'));
  }
  return messages;
}

/** Plays a transcript on one connection: `C:` lines are sent, `S:` lines must come, `…` at the end stands for the rest of a line. */
export async function play(t: TestContext, port: number, transcript: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  t.after(() => socket.destroy());
  await once(socket, 'connect');
  let held = '';
  let ended = false;
  let wake = () => {};
  socket
    .on('data', (chunk) => {
      held += chunk.toString('latin1');
      wake();
    })
    .on('close', () => {
      ended = true;
      wake();
    })
    .on('error', () => {});
  const line = async () => {
    for (;;) {
      const end = held.indexOf('\r\n');
      if (end >= 0) {
        const text = held.slice(0, end);
        held = held.slice(end + 2);
        return text;
      }
      if (ended) return '(closed)';
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  for (const raw of transcript.split('\n')) {
    const [, side, text = ''] = /^\s*([CS]): ?(.*)$/.exec(raw) ?? [];
    if (side === 'C') socket.write(`${text.replaceAll('\\r', '\r').replaceAll('\\n', '\n')}\r\n`);
    if (side !== 'S') continue;
    const got = await line();
    const fits = text.endsWith('…') ? got.startsWith(text.slice(0, -1)) : got === text;
    assert(fits, `expected ${JSON.stringify(text)}, got ${JSON.stringify(got)}`);
  }
  socket.destroy();
}
