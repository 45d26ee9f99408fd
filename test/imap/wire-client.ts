import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { checkResponse } from './response-grammar.ts';

/** A line of a response; `first` where the response begins with it (a literal's lines do not). */
export interface WireLine {
  readonly text: string;
  readonly first: boolean;
}

/** A client that knows of IMAP where responses end, and their grammar: what breaks it is an error where it is read. */
export class WireClient {
  #socket: Socket;
  #data: Buffer = Buffer.alloc(0);
  readonly #lines: WireLine[] = [];
  #ended = false;
  /** ENABLE made UTF-8 legal in what the server says. */
  #utf8 = false;
  #fault: unknown;
  #news: (() => void) | undefined;

  readonly #protocol: 'imap' | 'other';

  private constructor(socket: Socket, protocol: 'imap' | 'other') {
    this.#socket = socket;
    this.#protocol = protocol;
    this.#listen();
  }

  /** By TLS where the authority is given. Of another protocol, only the lines are cut. */
  static async connect(port: number, ca?: Buffer, protocol: 'imap' | 'other' = 'imap'): Promise<WireClient> {
    const where = { port, host: '127.0.0.1', allowHalfOpen: true };
    const socket = ca ? connectTls({ ...where, ca, ALPNProtocols: ['imap'] }) : connect(where);
    // Listening from the start: the greeting may come with the connection.
    const client = new WireClient(socket, protocol);
    await once(socket, ca ? 'secureConnect' : 'connect');
    return client;
  }

  #listen(): void {
    this.#socket
      .on('data', (chunk: Buffer) => {
        this.#data = Buffer.concat([this.#data, chunk]);
        this.#cut();
        this.#news?.();
      })
      .on('close', () => this.#end())
      .on('end', () => this.#end())
      .on('error', () => this.#end());
  }

  #end(): void {
    this.#ended = true;
    this.#news?.();
  }

  /** Moves whole responses to the lines. */
  #cut(): void {
    for (;;) {
      const end = responseEnd(this.#data);
      if (end === undefined) return;
      this.#check(this.#data.subarray(0, end));
      const lines = this.#data.toString('utf8', 0, end - 2).split('\r\n');
      for (const [i, text] of lines.entries()) this.#lines.push({ text, first: i === 0 });
      this.#data = this.#data.subarray(end);
    }
  }

  #check(response: Buffer): void {
    if (/^\* ENABLED .*(IMAP4rev2|UTF8=ACCEPT)/.test(response.toString('latin1', 0, 200))) this.#utf8 = true;
    if (this.#protocol === 'other') return;
    try {
      checkResponse(response, this.#utf8);
    } catch (fault) {
      this.#fault ??= fault;
    }
  }

  /** Undefined where the server has closed. */
  async peek(): Promise<WireLine | undefined> {
    while (this.#lines.length === 0 && !this.#ended)
      await new Promise<void>((resolve) => {
        this.#news = resolve;
      });
    if (this.#fault !== undefined) throw this.#fault;
    return this.#lines[0];
  }

  async nextLine(): Promise<WireLine | undefined> {
    await this.peek();
    return this.#lines.shift();
  }

  /** Everything up to and including the line that the tag begins. */
  async answer(tag: string): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.nextLine();
      if (!line) throw new Error(`closed before ${tag} was answered: ${lines.join('\n')}`);
      lines.push(line.text);
      if (line.first && line.text.startsWith(`${tag} `)) return lines;
    }
  }

  /** Sends a command and waits for its answer. */
  async command(line: string): Promise<string[]> {
    this.send(`${line}\r\n`);
    return this.answer(line.slice(0, line.indexOf(' ')));
  }

  skipResponse(): void {
    this.#lines.shift();
    while (this.#lines[0]?.first === false) this.#lines.shift();
  }

  get unread(): readonly string[] {
    return this.#lines.map(({ text }) => text);
  }

  send(octets: string | Uint8Array): void {
    this.#socket.write(octets);
  }

  async startTls(ca: Buffer): Promise<void> {
    this.#socket.removeAllListeners();
    const socket = connectTls({ socket: this.#socket, ca, host: '127.0.0.1', ALPNProtocols: ['imap'] });
    this.#socket = socket;
    this.#listen();
    await once(socket, 'secureConnect');
  }

  /** Nothing is read for as long as this is asked. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.end();
    this.#socket.destroySoon();
  }
}

/** Where the first response ends: after a line end that announces no literal. */
function responseEnd(data: Buffer): number | undefined {
  for (let from = 0; ; ) {
    const end = data.indexOf('\r\n', from);
    if (end < 0) return undefined;
    const literal = /\{(\d+)\}$/.exec(data.toString('latin1', from, end));
    if (!literal) return end + 2;
    from = end + 2 + Number(literal[1]);
    if (from > data.length) return undefined;
  }
}
