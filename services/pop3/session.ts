import {
  type Connection,
  ConnectionClosed,
  type ReadOutcome,
  type TlsSettings,
} from '../../shared/net/connection.ts';
import { type Farewell, graver, isSignInEnd } from '../../shared/net/guest.ts';
import type { Served } from '../../shared/net/listener.ts';
import { type Command, parseCommand } from '../../shared/pop3/command.ts';
import { LineReader } from '../../shared/pop3/line-reader.ts';
import { ReplyWriter } from '../../shared/pop3/reply-writer.ts';
import type { SessionEnd } from '../../shared/telemetry/events.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { CommandTable } from './commands.ts';
import { goodbyes } from './farewell.ts';
import type { Client, Outcome, SessionState } from './session-state.ts';

export interface SessionOptions {
  readonly commands: CommandTable;
  readonly tls: TlsSettings | undefined;
  readonly log: Log;
  /** Silence after sign-in that ends the session, ms. */
  readonly idleTimeoutMs: number;
  /** Time to sign in, ms. */
  readonly signInTimeoutMs: number;
  /** Told of each command that was answered. */
  readonly answered: (command: string, outcome: 'ok' | 'err' | 'none') => void;
}

/** Lines in a row that are no commands, and sign-ins that failed, after which the client is sent away. */
const maxErrors = 10;
const maxFailedSignIns = 5;
/** Pieces of a message from this size on go to the socket as they are. */
const directBytes = 32 * 1024;

const greeting = 'Restante is ready';

/** One POP3 connection from its greeting to its end. Commands run one after another; answers to pipelined ones share writes. */
export class Session implements Client, Served {
  readonly writer = new ReplyWriter();
  readonly log: Log;
  readonly #connection: Connection;
  readonly #options: SessionOptions;
  readonly #lines = new LineReader();
  readonly #startedAt = Date.now();
  #state: SessionState = { kind: 'authorization' };
  #end: SessionEnd | undefined;
  #farewell: Farewell | undefined;
  /** Ends a wait for the client's next octets. */
  #wake: (() => void) | undefined;
  #errors = 0;
  #failedSignIns = 0;
  #retrieved = 0;
  #deleted = 0;

  constructor(connection: Connection, options: SessionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.log = options.log;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  get secure(): boolean {
    return this.#connection.secure;
  }

  /** Resolves when the session is over; throws ConnectionClosed, or what a fault of ours threw. */
  async run(): Promise<void> {
    try {
      this.writer.ok(greeting);
      while (this.#end === undefined) {
        const line = await this.#nextLine();
        if (line !== undefined) await this.#serve(line);
      }
      await this.flush();
    } catch (cause) {
      this.#end =
        cause instanceof ConnectionClosed ? (cause.reason === 'stuck' ? 'stuck' : 'clientClosed') : 'fault';
      throw cause;
    } finally {
      if (this.#state.kind === 'transaction') await this.#state.release();
      this.#logEnd();
    }
  }

  leave(why: Farewell): void {
    this.#farewell = graver(this.#farewell, why);
    this.#wake?.();
  }

  cut(): void {
    this.#connection.destroy();
  }

  async flush(): Promise<void> {
    if (this.writer.length > 0) await this.#connection.write(this.writer.take());
  }

  send(bytes: Uint8Array): Promise<void> | undefined {
    if (bytes.length < directBytes) {
      this.writer.octets(bytes);
      return this.writer.full ? this.flush() : undefined;
    }
    // A socket keeps the order of its writes.
    return Promise.all([this.flush(), this.#connection.write(bytes)]).then(() => undefined);
  }

  async readLine(): Promise<Uint8Array | undefined> {
    const line = await this.#nextLine();
    return line === 'tooLong' ? undefined : line;
  }

  /** The next line; undefined, with `#end` set, where there will be none. Answers are sent before it waits. */
  async #nextLine(): Promise<Uint8Array | 'tooLong' | undefined> {
    for (;;) {
      if (isSignInEnd(this.#farewell)) return this.#sayGoodbye(this.#farewell);
      const line = this.#lines.next();
      if (line !== undefined) return line;
      await this.flush();
      if (this.#state.kind === 'transaction') this.#state.ahead.begin();
      const outcome = this.#tookTooLong ? 'idle' : await this.#read();
      if (outcome instanceof Uint8Array) this.#lines.push(outcome);
      else if (typeof outcome === 'object') return this.#sayGoodbye(outcome.farewell);
      else {
        // RFC 1939 §3: an idle client is left without a word, and its deletions without effect.
        this.#end = outcome === 'end' ? 'clientClosed' : 'idle';
        return undefined;
      }
    }
  }

  /** Octets that trickle in keep nobody waiting for a sign-in that does not come. */
  get #tookTooLong(): boolean {
    const { signInTimeoutMs } = this.#options;
    return this.#state.kind === 'authorization' && Date.now() - this.#startedAt > signInTimeoutMs;
  }

  #sayGoodbye(why: Farewell): undefined {
    const { text, code, end } = goodbyes[why];
    this.writer.err(text, code);
    this.#end = end;
  }

  /** What the client sends next, or why it is to leave. */
  async #read(): Promise<ReadOutcome | { readonly farewell: Farewell }> {
    if (this.#leaving !== undefined) return { farewell: this.#leaving };
    const called = new Promise<void>((resolve) => {
      this.#wake = () => this.#leaving !== undefined && resolve();
    });
    const outcome = await Promise.race([this.#connection.read(), called]);
    this.#wake = undefined;
    return outcome ?? { farewell: this.#leaving! };
  }

  /** A session that has signed in is short by nature, and loses its deletions where it cannot finish: it has until the last moment. */
  get #leaving(): Farewell | undefined {
    return this.#farewell === 'restart' && this.#state.kind === 'transaction' ? undefined : this.#farewell;
  }

  async #serve(line: Uint8Array | 'tooLong'): Promise<void> {
    if (line === 'tooLong') return this.#bad('The line is too long');
    const parsed = parseCommand(line);
    if (!parsed.ok)
      return this.#bad(parsed.error.kind === 'unknown' ? 'What is that?' : `Usage: ${parsed.error.usage}`);
    const command = parsed.value;
    const spec = this.#options.commands.get(command.kind);
    if (spec === undefined) return this.#bad('What is that?');
    if (!spec.states.includes(this.#state.kind))
      return this.#bad(this.#state.kind === 'authorization' ? 'Sign in first' : 'You have signed in already');
    this.#errors = 0;
    const startedAt = performance.now();
    const outcome = await spec.run(this, this.#state, command);
    await this.#answer(command, outcome);
    const result = outcome.kind === 'ok' || outcome.kind === 'err' ? outcome.kind : 'ok';
    const told = outcome.kind === 'unsettled' ? 'none' : result;
    this.#options.answered(command.kind, told);
    if (this.log.debugging)
      this.log.debug({
        event: 'pop3.command',
        command: command.kind,
        outcome: told,
        ms: Math.round(performance.now() - startedAt),
      });
  }

  #bad(text: string): void {
    this.writer.err(text);
    this.#options.answered('other', 'err');
    if (++this.#errors >= maxErrors) this.#end = 'refused';
  }

  async #answer(command: Command, outcome: Outcome): Promise<void> {
    switch (outcome.kind) {
      case 'ok':
        this.writer.ok(outcome.text);
        if (outcome.next !== undefined) this.#enter(outcome.next);
        break;
      case 'err':
        this.writer.err(outcome.text, outcome.code);
        if (command.kind === 'PASS' || command.kind === 'AUTH') this.#signInFailed();
        break;
      case 'written':
        if (command.kind === 'RETR') this.#retrieved++;
        break;
      case 'unsettled':
        this.#end = 'fault';
        break;
      case 'startTls':
        await this.#startTls();
        break;
    }
    if (outcome.kind === 'ok' && command.kind === 'QUIT' && this.#state.kind === 'transaction')
      this.#deleted = this.#state.maildrop.total - this.#state.maildrop.count;
    if ((outcome.kind === 'ok' || outcome.kind === 'err') && outcome.end) this.#end ??= 'logout';
    if (this.writer.full) await this.flush();
  }

  #enter(state: SessionState): void {
    this.#state = state;
    if (state.kind === 'transaction') this.#connection.setIdleTimeout(this.#options.idleTimeoutMs);
  }

  /** The user name goes with the failed password (RFC 1939 §7). */
  #signInFailed(): void {
    this.#state = { kind: 'authorization' };
    if (++this.#failedSignIns >= maxFailedSignIns) this.#end = 'refused';
  }

  /** Nothing that came in plain counts afterwards: not what was sent ahead, not the user name. */
  async #startTls(): Promise<void> {
    const { tls } = this.#options;
    if (tls === undefined) throw new Error('STLS was accepted without TLS');
    await this.flush();
    this.#lines.reset();
    this.#state = { kind: 'authorization' };
    await this.#connection.startTls(tls, '+OK Begin TLS\r\n');
  }

  #logEnd(): void {
    this.log.info({
      event: 'pop3.session',
      remote: this.remoteAddress,
      secure: this.secure,
      ms: Date.now() - this.#startedAt,
      received: this.#connection.received,
      sent: this.#connection.sent,
      retrieved: this.#retrieved,
      deleted: this.#deleted,
      end: this.#end ?? 'clientClosed',
    });
  }
}
