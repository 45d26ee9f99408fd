import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A client that keeps to no protocol. What it is sent is read, up to a bound, unless it is told not to. */
export class Attacker {
  readonly #socket: Socket;
  #said = '';
  #closed = false;
  #news: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket
      .on('data', (chunk) => {
        if (this.#said.length < 1_000_000) this.#said += chunk.toString('latin1');
        this.#news();
      })
      .on('end', () => this.#news())
      .on('close', () => {
        this.#closed = true;
        this.#news();
      })
      .on('error', () => {});
  }

  static async on(port: number, { greeted = true } = {}): Promise<Attacker> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const attacker = new Attacker(socket);
    await once(socket, 'connect');
    if (greeted) await attacker.says('\r\n');
    return attacker;
  }

  /** All that was sent to it so far. */
  get said(): string {
    return this.#said;
  }

  /** Bytes that the server's side has taken, those in the kernel's buffers included. */
  get taken(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  send(bytes: string | Uint8Array): void {
    if (!this.#socket.destroyed) this.#socket.write(bytes);
  }

  /** One write for each byte, each gone before the next. */
  async drip(text: string): Promise<void> {
    for (const byte of Buffer.from(text, 'latin1'))
      await new Promise<void>((resolve) => void this.#socket.write(Uint8Array.of(byte), () => resolve()));
  }

  /** Sends the same again and again, as fast as it is taken, until so many bytes are gone or the server has had enough. */
  flood(bytes: string | Uint8Array, most: number): void {
    const chunk = Buffer.from(bytes as Uint8Array);
    const more = () => {
      while (!this.#closed && this.#socket.bytesWritten < most) if (!this.#socket.write(chunk)) return;
    };
    this.#socket.on('drain', more);
    more();
  }

  /** Waits for a text in what it was sent. */
  async says(text: string): Promise<void> {
    while (!this.#said.includes(text)) {
      if (this.#closed || this.#socket.readableEnded)
        throw new Error(`closed without ${JSON.stringify(text)}: ${this.#said}`);
      await this.#nextNews();
    }
  }

  /** Waits until the server has said its last, and closes its own side then. */
  async ended(): Promise<void> {
    while (!this.#closed && !this.#socket.readableEnded) await this.#nextNews();
    this.#socket.destroy();
  }

  /** Reads nothing from now on. */
  deaf(): void {
    this.#socket.pause();
  }

  /** Says that nothing more will come, and goes on listening. */
  halfClose(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  close(): void {
    this.#socket.destroy();
  }

  #nextNews(): Promise<void> {
    return new Promise((resolve) => {
      this.#news = resolve;
    });
  }
}
