import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Endpoint {
  readonly port: number;
  readonly tls: 'implicit' | 'none';
}

/** Of every account of the run. */
export const password = 'bench-password-1';

/** A server that says nothing for so long, ms, while it is waited for, will not say it any more. */
const longestWait = 60_000;

/** More than any line that these servers end an answer with. */
const longestLastLine = 1024;

/** What came up to and including a tagged line, as it came off the socket; looked into only after the clock has stopped. */
export class Answer {
  readonly #chunks: readonly Buffer[];
  readonly last: string;

  constructor(chunks: readonly Buffer[], last: string) {
    this.#chunks = chunks;
    this.last = last;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  /** How often these octets are in it. */
  count(octets: string): number {
    const { bytes } = this;
    let count = 0;
    for (let at = bytes.indexOf(octets); at >= 0; at = bytes.indexOf(octets, at + octets.length)) count++;
    return count;
  }

  /** Throws unless these octets are in it exactly so often: a fast wrong answer is no answer. */
  expect(octets: string, times: number): void {
    const found = this.count(octets);
    if (found !== times) throw new Error(`${found} of ${JSON.stringify(octets)} instead of ${times}`);
  }
}

/**
 * A line-protocol client that does as little as it can, so that what is measured is the server: it keeps the chunks as they come
 * and looks at nothing but the last line of what is there.
 */
export class Wire {
  readonly socket: Socket;
  #chunks: Buffer[] = [];
  #wake: (() => void) | undefined;
  #ended = false;
  #tag = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#wake?.();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#ended = true;
      this.#wake?.();
    });
  }

  static async open(endpoint: Endpoint): Promise<Wire> {
    const options = { host: '127.0.0.1', port: endpoint.port };
    // The certificate was made for this run; what is measured is the handshake.
    const socket =
      endpoint.tls === 'implicit'
        ? connectTls({ ...options, rejectUnauthorized: false })
        : connectTcp(options);
    await once(socket, endpoint.tls === 'implicit' ? 'secureConnect' : 'connect');
    return new Wire(socket);
  }

  async #more(): Promise<void> {
    if (this.#ended) throw new Error('the server closed the connection');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const tooLong = () => reject(new Error(`nothing came for ${longestWait / 1000} s`));
    this.socket.setTimeout(longestWait, tooLong);
    await promise;
    this.socket.off('timeout', tooLong);
    this.#wake = undefined;
  }

  /** The next line, without its line end. */
  async line(): Promise<string> {
    for (;;) {
      const held = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
      const end = held.indexOf(10);
      if (end >= 0) {
        this.#chunks = end + 1 < held.length ? [held.subarray(end + 1)] : [];
        return held.toString('latin1', 0, end).replace(/\r$/, '');
      }
      this.#chunks = held.length === 0 ? [] : [held];
      await this.#more();
    }
  }

  /** The last octets that came, `longestLastLine` at most. */
  #tail(): Buffer {
    const pieces: Buffer[] = [];
    let length = 0;
    for (let i = this.#chunks.length - 1; i >= 0 && length < longestLastLine; i--) {
      pieces.unshift(this.#chunks[i]!);
      length += this.#chunks[i]!.length;
    }
    const tail = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    return tail.subarray(-longestLastLine);
  }

  /** Everything up to a line that starts with `mark` and is the last one for now. */
  async until(mark: string): Promise<Answer> {
    for (;;) {
      const tail = this.#tail();
      if (tail.at(-1) === 10) {
        const start = tail.lastIndexOf(10, tail.length - 2) + 1;
        const last = tail.toString('latin1', start, tail.length).replace(/\r?\n$/, '');
        if (last.startsWith(mark)) {
          const answer = new Answer(this.#chunks, last);
          this.#chunks = [];
          return answer;
        }
      }
      await this.#more();
    }
  }

  /** Everything until it ends with these octets. */
  async untilEnd(octets: string): Promise<Answer> {
    for (;;) {
      if (this.#tail().subarray(-octets.length).toString('latin1') === octets) {
        const answer = new Answer(this.#chunks, octets);
        this.#chunks = [];
        return answer;
      }
      await this.#more();
    }
  }

  write(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  /** One IMAP command and its answer; anything but OK is an error. */
  async command(text: string): Promise<Answer> {
    const tag = `a${++this.#tag}`;
    this.write(`${tag} ${text}\r\n`);
    const answer = await this.until(`${tag} `);
    if (!answer.last.startsWith(`${tag} OK`)) throw new Error(`${text.slice(0, 80)}: ${answer.last}`);
    return answer;
  }

  /** IMAP commands in one write, the octets of literals in them, all answered OK. */
  async pipeline(commands: readonly (readonly Uint8Array[])[]): Promise<void> {
    const first = this.#tag + 1;
    const lineEnd = Buffer.from('\r\n');
    const parts = commands.flatMap((command) => [Buffer.from(`a${++this.#tag} `), ...command, lineEnd]);
    this.write(Buffer.concat(parts));
    const answer = await this.until(`a${this.#tag} `);
    const said = `\r\n${answer.text}`;
    for (let tag = first; tag <= this.#tag; tag++)
      if (!said.includes(`\r\na${tag} OK`))
        throw new Error(new RegExp(`^a${tag} .*$`, 'm').exec(said)?.[0] ?? `no answer to a${tag}`);
  }

  /** A line whose answer begins with `expected`, after any lines of the form `250-`: POP3, SMTP, LMTP. */
  async expect(text: string, expected: string): Promise<string> {
    this.write(`${text}\r\n`);
    for (;;) {
      const line = await this.line();
      if (line.startsWith(`${expected}-`)) continue;
      if (!line.startsWith(expected)) throw new Error(`${text.slice(0, 80)}: ${line}`);
      return line;
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

/** An IMAP client that has signed in. */
export async function imap(endpoint: Endpoint, user: string): Promise<Wire> {
  const wire = await Wire.open(endpoint);
  await wire.line();
  await wire.command(`LOGIN ${user} ${password}`);
  return wire;
}

export async function withImap<T>(
  endpoint: Endpoint,
  user: string,
  use: (wire: Wire) => Promise<T>,
): Promise<T> {
  const wire = await imap(endpoint, user);
  try {
    return await use(wire);
  } finally {
    wire.close();
  }
}

/** A POP3 client that has signed in. */
export async function pop3(endpoint: Endpoint, user: string): Promise<Wire> {
  const wire = await Wire.open(endpoint);
  await wire.line();
  await wire.expect(`USER ${user}`, '+OK');
  await wire.expect(`PASS ${password}`, '+OK');
  return wire;
}

/** An LMTP client that has said hello. */
export async function lmtp(endpoint: Endpoint): Promise<Wire> {
  const wire = await Wire.open(endpoint);
  await wire.line();
  await wire.expect('LHLO bench', '250');
  return wire;
}
