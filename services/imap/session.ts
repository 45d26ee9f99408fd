import type { AccountHold } from '../../shared/engine/engine.ts';
import type { MessageLiteral } from '../../shared/imap/announcement.ts';
import type { Command } from '../../shared/imap/commands.ts';
import type { Frame } from '../../shared/imap/line-reader.ts';
import { parseCommand } from '../../shared/imap/parse-command.ts';
import { continuation, type ResponseCode, statusLine } from '../../shared/imap/responses/status.ts';
import { flushAt, ResponseWriter, recycle } from '../../shared/imap/writer.ts';
import { type Connection, ConnectionClosed } from '../../shared/net/connection.ts';
import { type Farewell, graver, isSignInEnd } from '../../shared/net/guest.ts';
import type { Served } from '../../shared/net/listener.ts';
import type { SessionEnd } from '../../shared/telemetry/events.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import { capabilitiesOf } from './capabilities.ts';
import { dispatch, type FinalOutcome, type SessionOutcome } from './dispatch.ts';
import { faultReply } from './error-reply.ts';
import { goodbyes } from './farewell.ts';
import { Input } from './input.ts';
import { LateAnswers } from './late-answers.ts';
import { recordCommand } from './record-command.ts';
import type { ImapService } from './service.ts';
import type { Client, Enabled, SessionState } from './session-state.ts';
import { advanceView, writeUpdates } from './updates.ts';

type CommandFrame = Extract<Frame, { kind: 'command' }>;

/** One client's session: reads commands, runs them in order, answers. Answers that come close together go in one write. */
export class ImapSession implements Client, Served {
  readonly service: ImapService;
  readonly memos: ImapService['memos'];
  readonly connection: Connection;
  readonly log: Log;
  readonly input: Input;
  readonly writer = new ResponseWriter();
  readonly enabled: Enabled = { rev2: false, condStore: false, qresync: false, utf8: false };
  state: SessionState = { kind: 'notAuthenticated' };
  /** BADs in a row, and before sign-in all of them and the sign-ins that were refused: a client that goes on like that is sent away. */
  failures = 0;
  /** What the session has of its account beside the state; given back at its end. */
  hold: AccountHold | undefined;
  /** To be called when it is the account's session no longer. */
  leaveAccount: (() => void) | undefined;
  /** The message that the running APPEND announced. */
  offered: MessageLiteral | undefined;
  /** Set by IDLE, which only ever writes whole lines. */
  idling = false;
  /** Why it is to end at the next quiet moment. */
  farewell: Farewell | undefined;
  readonly #late = new LateAnswers({
    answer: (tag, outcome) => this.#answerLate(tag, outcome),
    send: () => void this.flush().catch(() => undefined),
    broken: () => this.connection.destroy('cut'),
  });
  readonly #began = Date.now();
  #lastSent = this.#began;
  /** Where in the writer the running command's answers begin; undefined once any of them is sent, and between commands. */
  #commandStart: number | undefined;
  #commands = 0;
  #end: SessionEnd = 'clientClosed';
  /** Said last, after the answers to what is under way. */
  #lastWord: string | undefined;

  constructor(service: ImapService, connection: Connection, log: Log) {
    this.service = service;
    this.memos = service.memos;
    this.connection = connection;
    this.log = log;
    this.input = new Input(connection, this.#began + 5 * service.options.greetingTimeoutMs);
  }

  /** Serves the client to its end. Rejects with ConnectionClosed where the connection broke. */
  async run(): Promise<void> {
    try {
      if (await this.#greet()) await this.#serve();
      await this.#late.settled();
      if (this.#lastWord !== undefined) statusLine(this.writer, undefined, 'BYE', this.#lastWord);
      await this.flush();
    } catch (cause) {
      if (!(cause instanceof ConnectionClosed)) this.#end = 'fault';
      else if (cause.reason === 'stuck') this.#end = 'stuck';
      throw cause;
    } finally {
      this.state = { kind: 'logout' };
      await this.#late.settled().catch(() => undefined);
      this.release();
      const { remoteAddress: remote, secure, received, sent } = this.connection;
      const said = { ms: Date.now() - this.#began, received, sent, commands: this.#commands, end: this.#end };
      this.log.info({ event: 'imap.session', remote, secure, ...said });
    }
  }

  async flush(): Promise<void> {
    if (this.writer.length === 0) return;
    if (this.#commandStart !== undefined)
      this.#commandStart = this.writer.length > this.#commandStart ? undefined : 0;
    this.#lastSent = Date.now();
    const octets = this.writer.take();
    await this.connection.write(octets, () => recycle(octets));
  }

  async send(bytes: Uint8Array): Promise<void> {
    // Queued before the octets: a socket keeps the order of its writes.
    const before = this.flush();
    this.#commandStart = undefined;
    this.#lastSent = Date.now();
    await Promise.all([before, this.connection.write(bytes)]);
  }

  /** Lets the account go. */
  release(): void {
    this.leaveAccount?.();
    this.leaveAccount = undefined;
    this.hold?.release();
    this.hold = undefined;
  }

  leave(why: Farewell): void {
    this.farewell = graver(this.farewell, why);
    this.input.wake();
  }

  cut(): void {
    this.connection.destroy();
  }

  /**
   * Called by the service's clock: a client that idles, or waits for the first word of an answer, learns that the server is
   * there, and what lies between learns that the connection is. An answer that has begun may be within a line or a literal.
   */
  keepAlive(now: number, longestSilence: number): void {
    const start = this.#commandStart;
    if (now - this.#lastSent < longestSilence) return;
    if (this.idling ? this.writer.length > 0 : this.writer.length !== start) return;
    statusLine(this.writer, undefined, 'OK', 'Still here');
    this.flush().catch(() => undefined);
    if (!this.idling) this.#commandStart = 0;
  }

  async #greet(): Promise<boolean> {
    if (await this.#sayGoodbye()) return false;
    const code: ResponseCode = { code: 'CAPABILITY', capabilities: capabilitiesOf(this) };
    statusLine(this.writer, undefined, 'OK', 'Restante is ready', code);
    return true;
  }

  bye(text: string, end: SessionEnd): void {
    this.#end = end;
    this.state = { kind: 'logout' };
    statusLine(this.writer, undefined, 'BYE', text);
  }

  /** The selected mailbox is gone: the client must leave (RFC 2180 §3.2). What it did is done all the same, and told first. */
  #partFromMailbox(): void {
    this.#end = 'refused';
    this.#lastWord = 'The selected mailbox was deleted';
    this.state = { kind: 'logout' };
  }

  /** Where the client is to leave. */
  async #sayGoodbye(): Promise<boolean> {
    if (this.farewell === undefined) return false;
    const { text, end } = goodbyes[this.farewell];
    return !(await this.#leave(text, end));
  }

  async #serve(): Promise<void> {
    while (this.state.kind !== 'logout') {
      if (isSignInEnd(this.farewell)) return void (await this.#sayGoodbye());
      const frame = this.input.reader.nextCommand();
      if (frame !== undefined) await this.#take(frame);
      else if (!(await this.#wait())) return;
      if (this.writer.length >= flushAt) await this.flush();
    }
  }

  /** Everything the client sent is answered: sends it, and waits for more. False where the session is over. */
  async #wait(): Promise<boolean> {
    await this.flush();
    // Half a command may be there: its end is waited for, drain or not, but not for ever.
    if (this.input.reader.buffered === 0 && (await this.#sayGoodbye())) return false;
    // Octets that trickle in keep nobody waiting for a sign-in that does not come.
    if (this.input.deadline !== undefined && Date.now() > this.input.deadline)
      return this.#leave('It took too long to sign in', 'idle');
    const arrival = await this.input.more();
    if (arrival === 'idle') return this.#leave('Nothing heard from you for too long', 'idle');
    return arrival !== 'end';
  }

  async #leave(text: string, end: SessionEnd): Promise<false> {
    await this.#late.settled();
    if (this.#lastWord === undefined) this.bye(text, end);
    return false;
  }

  async #take(frame: Frame): Promise<void> {
    // Only to messages that are on their way do earlier answers not come first: nothing is said while they are read.
    const follows = frame.kind === 'command' && frame.message?.sync === 'sent';
    await (follows ? this.#late.room() : this.#late.settled());
    if (this.state.kind === 'logout') return;
    switch (frame.kind) {
      case 'continue':
        continuation(this.writer, 'Go on');
        return this.flush();
      case 'bad':
        return this.#bad(frame.tag, frame.text);
      case 'fatal':
        return this.bye(frame.text, 'refused');
      case 'command':
        return this.#command(frame);
    }
  }

  #bad(tag: string | undefined, text: string, code?: ResponseCode): void {
    this.failures++;
    this.#say(tag, 'BAD', text, code);
  }

  /** An answer, the last one where the client has failed too often. */
  #say(tag: string | undefined, condition: 'OK' | 'NO' | 'BAD', text: string, code?: ResponseCode): void {
    statusLine(this.writer, tag, condition, text, code);
    if (this.failures >= this.service.options.patience) this.bye('Too many errors', 'refused');
  }

  async #command(frame: CommandFrame): Promise<void> {
    this.#commands++;
    const parsed = parseCommand(frame.bytes, this.enabled.utf8 ? 'utf8' : 'modifiedUtf7');
    if (!parsed.ok) {
      if (frame.message) this.input.reader.refuseMessage();
      return this.#bad(parsed.error.tag, parsed.error.text);
    }
    const command = parsed.value;
    this.offered = frame.message;
    const began = performance.now();
    const outcome = await this.#run(command);
    if (outcome.condition === 'late') {
      const { octets, outcome: coming } = outcome;
      const late = coming
        .catch((cause: unknown) => faultReply(this.log, command.kind, cause))
        .then((last) => recordCommand(this, command, last, began));
      return this.#late.add({ tag: command.tag, octets, outcome: late });
    }
    recordCommand(this, command, outcome, began);
    await this.#late.settled();
    await this.#answer(command.tag, outcome);
  }

  async #run(command: Command): Promise<SessionOutcome> {
    this.hold?.account.touch();
    const start = (this.#commandStart = this.writer.length);
    // Answers of earlier commands wait for company, but not for a slow command.
    const early =
      start === 0
        ? undefined
        : setImmediate(() => {
            if (this.#commandStart === start && this.writer.length === start)
              this.flush().catch(() => undefined);
          });
    try {
      return await dispatch(this, command);
    } catch (cause) {
      if (cause instanceof ConnectionClosed || this.#commandStart === undefined) throw cause;
      // What the command has written may be half a line.
      const written = this.writer.take();
      this.writer.raw(written.subarray(0, this.#commandStart));
      return faultReply(this.log, command.kind, cause);
    } finally {
      if (command.kind === 'append') this.input.reader.refuseMessage();
      clearImmediate(early);
      this.#commandStart = undefined;
    }
  }

  /** While the messages of another APPEND are read, or nothing is: both write nothing of their own. */
  async #answerLate(tag: string, outcome: FinalOutcome): Promise<void> {
    if (this.state.kind === 'logout' && this.#lastWord === undefined) return;
    await this.#answer(tag, outcome);
    // What a fault of the running command takes back is not this.
    if (this.#commandStart !== undefined) this.#commandStart = this.writer.length;
    if ((this.state.kind as SessionState['kind']) === 'logout') this.input.wake();
  }

  async #answer(tag: string, outcome: FinalOutcome): Promise<void> {
    switch (outcome.condition) {
      case 'answered':
        return;
      case 'bye':
        return this.bye(outcome.text, outcome.end);
      case 'unsettled':
        this.log.error({ event: 'imap.unsettled' }, outcome.cause);
        throw new ConnectionClosed('cut');
      case 'BAD':
        return this.#bad(tag, outcome.text, outcome.code);
      default:
    }
    if (this.state.kind === 'selected') {
      if (advanceView(this.state) === 'current')
        await writeUpdates(this, this.state, outcome.expunge ?? 'allowed');
      else this.#partFromMailbox();
    }
    // Whoever tries out passwords could do something else between them.
    if (outcome.condition === 'OK' && this.state.kind !== 'notAuthenticated') this.failures = 0;
    this.#say(tag, outcome.condition, outcome.text, outcome.code);
  }
}
