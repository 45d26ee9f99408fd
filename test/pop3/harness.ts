import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { type Pop3Options, type Pop3Parts, type Pop3Server, startPop3 } from '../../services/pop3/server.ts';
import type { Authenticator } from '../../shared/directory/authenticator.ts';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages } from '../../shared/engine/actions.ts';
import { OpenCounts } from '../../shared/net/limits.ts';
import { noNetworks } from '../../shared/net/networks.ts';
import type { AccountRecord, Address, Pop3Deletion } from '../../shared/ports/directory.ts';
import { err } from '../../shared/result.ts';
import { silentLog } from '../../shared/telemetry/log.ts';
import { createMetrics } from '../../shared/telemetry/metrics.ts';
import { type LocalEngine, localEngine } from '../support/local-engine.ts';
import { accountRecord, lastingSessions, signedInAs } from '../support/signed-in.ts';

export const password = 'open sesame';

/** Knows one account, by name and the password above; `suspended@…`, `off@…`, `busy@…` and `slow@…` fail in their own ways. */
function authenticatorFor(record: () => AccountRecord): Authenticator {
  return {
    async signIn(attempt) {
      if (attempt.address === 'suspended@example.org') return err({ kind: 'suspended' });
      if (attempt.address === 'off@example.org') return err({ kind: 'protocolOff', protocol: 'pop3' });
      if (attempt.address === 'busy@example.org') return err({ kind: 'busy' });
      if (attempt.address === 'slow@example.org') return err({ kind: 'throttled', retryAfterMs: 1500 });
      if (attempt.address === 'fault@example.org') throw new Error('the directory is away');
      const known = attempt.address === record().address && attempt.password === password;
      return known ? signedInAs(record()) : err({ kind: 'invalid' });
    },
  };
}

export interface Pop3World {
  readonly local: LocalEngine;
  readonly account: Account;
  readonly record: AccountRecord;
  readonly server: Pop3Server;
  readonly port: number;
  deliver(...messages: readonly (string | Uint8Array)[]): Promise<void>;
  connect(): Promise<Client>;
}

export interface WorldOptions {
  readonly deletion?: Pop3Deletion;
  readonly options?: Pop3Options;
  readonly tls?: Pop3Parts['tls'];
  readonly change?: (parts: ServerParts) => Partial<Pop3Parts>;
}

type ServerParts = Pick<Pop3Parts, 'engine' | 'authenticator' | 'leases'> & Partial<Pop3Parts>;

/** A server on a free port of 127.0.0.1 that takes passwords in plain. */
export async function testPop3Server({ options, ...parts }: ServerParts): Promise<Pop3Server> {
  const started = await startPop3({
    sessions: lastingSessions(),
    listeners: [{ host: '127.0.0.1', port: 0, tls: 'stls' }],
    tls: undefined,
    limits: { counts: new OpenCounts(100, 100), trusted: noNetworks },
    log: silentLog,
    metrics: createMetrics(),
    ...parts,
    options: { allowPlaintextAuth: true, ...options },
  });
  if (!started.ok) throw new Error(started.error);
  return started.value;
}

/** A POP3 server on a free port over an engine of its own, with one account: anna@example.org. */
export async function pop3World(t: TestContext, world: WorldOptions = {}): Promise<Pop3World> {
  const local = await localEngine();
  const account = await local.account();
  const record = accountRecord(account.id, {
    address: 'anna@example.org' as Address,
    protocols: ['pop3'],
    pop3Deletion: world.deletion ?? 'expunge',
  });
  const parts: ServerParts = {
    engine: local.engine,
    authenticator: authenticatorFor(() => record),
    leases: local.store.leases,
    tls: world.tls,
    options: world.options ?? {},
  };
  const server = await testPop3Server({ ...parts, ...world.change?.(parts) });
  t.after(() => server.close(0));
  const port = server.listeners[0]!.port;
  return {
    local,
    account,
    record,
    server,
    port,
    async deliver(...messages) {
      for (const message of messages) {
        const staged = await account.stage(Buffer.from(message));
        assert(staged.ok);
        const request = { message: staged.value, flags: [], internalDate: undefined };
        assert((await account.commit(appendMessages('INBOX', [request]))).ok);
      }
    },
    connect: () => Client.open(t, port),
  };
}

/** A client that reads lines, and the octets of multi-line answers. */
export class Client {
  #socket: Socket;
  /** Octets `[start, end)` of the buffer are unread. */
  #buffer = Buffer.allocUnsafe(4096);
  #start = 0;
  #end = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#attach();
  }

  static async open(t: TestContext, port: number): Promise<Client> {
    const socket = connect({ port, host: '127.0.0.1' });
    await once(socket, 'connect');
    const client = new Client(socket);
    t.after(() => client.#socket.destroy());
    return client;
  }

  #attach(): void {
    const wake = () => {
      this.#wake?.();
    };
    this.#socket
      .on('data', (chunk: Buffer) => {
        if (this.#end + chunk.length > this.#buffer.length) {
          // Two octets that were read stay before the start: `body` goes back to them.
          const from = Math.max(0, this.#start - 2);
          const kept = this.#buffer.subarray(from, this.#end);
          this.#buffer = Buffer.concat([kept], (kept.length + chunk.length) * 2);
          this.#start -= from;
          this.#end = kept.length;
        }
        chunk.copy(this.#buffer, this.#end);
        this.#end += chunk.length;
        wake();
      })
      .on('close', () => {
        this.#ended = true;
        wake();
      })
      .on('error', () => {});
  }

  async startTls(ca: Uint8Array): Promise<void> {
    this.#socket.removeAllListeners('data').removeAllListeners('close');
    const secure = connectTls({ socket: this.#socket, ca: Buffer.from(ca), servername: 'localhost' });
    await once(secure, 'secureConnect');
    this.#socket = secure;
    this.#attach();
  }

  send(text: string | Uint8Array): void {
    this.#socket.write(text);
  }

  /** Octets up to a delimiter, which is taken too; undefined where the server closes before it. */
  async #until(delimiter: string): Promise<Buffer | undefined> {
    for (let from = this.#start; ; ) {
      const unread = this.#start;
      const end = this.#buffer.subarray(0, this.#end).indexOf(delimiter, from);
      if (end >= 0) {
        this.#start = end + delimiter.length;
        return this.#buffer.subarray(unread, end);
      }
      if (this.#ended) return undefined;
      const searched = Math.max(0, this.#end - unread - delimiter.length);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      from = this.#start + searched;
    }
  }

  /** The next line without its end, or undefined where the server has closed. */
  async line(): Promise<string | undefined> {
    return (await this.#until('\r\n'))?.toString('utf8');
  }

  async expect(pattern: string): Promise<void> {
    const line = await this.line();
    const fits = pattern.endsWith('…')
      ? line?.startsWith(pattern.slice(0, -1))
      : line === pattern || (pattern === '(closed)' && line === undefined);
    assert(fits, `expected ${JSON.stringify(pattern)}, got ${JSON.stringify(line)}`);
  }

  /** The octets of a multi-line answer after its first line, unstuffed, without the terminator. */
  async body(): Promise<Buffer> {
    // The CRLF of the first line belongs to the search: an answer may have no lines.
    this.#start -= 2;
    const stuffed = await this.#until('\r\n.\r\n');
    assert(stuffed, 'the answer broke off');
    if (stuffed.length === 0) return stuffed;
    const lines = `${stuffed.toString('latin1').slice(2)}\r\n`;
    return Buffer.from(lines.replace(/(^|\r\n)\.\./g, '$1.'), 'latin1');
  }

  async signIn(): Promise<void> {
    this.send(`USER anna@example.org\r\nPASS ${password}\r\n`);
    await this.expect('+OK …');
    await this.expect('+OK Send PASS');
    await this.expect('+OK …');
  }

  /** Reads no more. */
  pause(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#socket.destroy();
  }
}

/**
 * Plays a transcript: `C:` lines are sent, `S:` lines must come, `…` at the end stands for the rest of a line, `S: (closed)` for the end.
 * `C1:` and `C2:` are two clients. The greeting is part of it.
 */
export async function play(world: Pop3World, transcript: string): Promise<void> {
  const clients = new Map<string, Client>();
  for (const raw of transcript.split('\n')) {
    const [, side, number, text] = /^\s*([CS])(\d?): ?(.*)$/.exec(raw) ?? [];
    if (side === undefined) continue;
    const name = number ?? '';
    const client = clients.get(name) ?? (await world.connect());
    clients.set(name, client);
    if (side === 'C') client.send(`${text}\r\n`);
    else await client.expect(text!);
  }
  for (const client of clients.values()) client.close();
}
