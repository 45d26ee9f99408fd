import { type Frame, LineReader, type RawLine } from '../../shared/imap/line-reader.ts';
import { type Connection, ConnectionClosed, type ReadOutcome } from '../../shared/net/connection.ts';

/** Why `more` came back: octets were read, the client has ended, it was silent for too long, or somebody called `wake`. */
export type Arrival = 'octets' | 'end' | 'idle' | 'woken';

/** One client's octets as frames. At most one read of the socket is under way, and only while somebody waits. */
export class Input {
  readonly reader = new LineReader();
  readonly #connection: Connection;
  #reading = false;
  /** What the socket gave while nobody waited. */
  #arrived: ReadOutcome | undefined;
  #woken = false;
  #waiting: ((arrival: Arrival) => void) | undefined;
  /** When the client must have said what it owes, ms since 1970; undefined where only its silence is limited. */
  deadline: number | undefined;

  constructor(connection: Connection, deadline?: number) {
    this.#connection = connection;
    this.deadline = deadline;
  }

  /** Waits for news. What was read is in the reader. */
  more(): Promise<Arrival> {
    if (this.#woken) {
      this.#woken = false;
      return Promise.resolve('woken');
    }
    if (this.#arrived !== undefined) return Promise.resolve(this.#takeArrived());
    if (!this.#reading) {
      this.#reading = true;
      void this.#connection.read().then((outcome) => {
        this.#reading = false;
        this.#arrived = outcome;
        this.#settle(() => this.#takeArrived());
      });
    }
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  /** Ends a wait, or the next one at once. */
  wake(): void {
    this.#woken = true;
    this.#settle(() => {
      this.#woken = false;
      return 'woken';
    });
  }

  #settle(arrival: () => Arrival): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    waiting(arrival());
  }

  #takeArrived(): Arrival {
    const outcome = this.#arrived;
    this.#arrived = undefined;
    if (outcome === 'end' || outcome === 'idle') return outcome;
    this.reader.push(outcome as Uint8Array);
    return 'octets';
  }

  /** Waits for octets of a command that has begun. Throws where they do not come: nothing can be answered then. */
  async rest(): Promise<void> {
    for (;;) {
      const arrival = await this.more();
      if (this.deadline !== undefined && Date.now() > this.deadline) throw new ConnectionClosed('stuck');
      if (arrival === 'octets') return;
      if (arrival === 'end') throw new ConnectionClosed('closed');
      if (arrival === 'idle') throw new ConnectionClosed('stuck');
    }
  }

  /** The next line as it is. */
  async line(): Promise<RawLine> {
    for (;;) {
      const line = this.reader.nextLine();
      if (line !== undefined) return line;
      await this.rest();
    }
  }

  /** What follows a message of APPEND. */
  async afterMessage(): Promise<Frame> {
    for (;;) {
      const frame = this.reader.nextAfterMessage();
      if (frame !== undefined) return frame;
      await this.rest();
    }
  }

  /** The octets of the accepted message: in one piece where they are all there, else at the client's pace. */
  message(): Uint8Array | AsyncGenerator<Uint8Array> {
    const { reader } = this;
    if (reader.messageLeft > reader.buffered) return this.#arriving();
    return reader.nextMessageBytes() ?? new Uint8Array();
  }

  async *#arriving(): AsyncGenerator<Uint8Array> {
    while (this.reader.messageLeft > 0) {
      const octets = this.reader.nextMessageBytes();
      if (octets !== undefined) yield octets;
      else await this.rest();
    }
  }
}
