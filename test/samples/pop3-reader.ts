import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, type TLSSocket } from 'node:tls';
import type { ServerProcess, TestAccount } from '../support/server-process.ts';

const end = Buffer.from('\r\n.\r\n');
const atOnce = 50;

/** A POP3 client that fetches everything, many RETR in flight. */
export async function* retrieveAll(server: ServerProcess, account: TestAccount): AsyncGenerator<Buffer> {
  const ca = await readFile(server.caFile);
  const socket = connect({ host: 'localhost', port: server.ports.pop3s, ca });
  await once(socket, 'secureConnect');
  const reader = new ReplyReader(socket);
  await reader.line();
  socket.write(`USER ${account.address}\r\nPASS ${account.password}\r\nSTAT\r\n`);
  for (let i = 0; i < 2; i++) await reader.line();
  const count = Number(/^\+OK (\d+)/.exec(await reader.line())?.[1]);
  for (let first = 1; first <= count; first += atOnce) {
    const last = Math.min(count, first + atOnce - 1);
    socket.write(Array.from({ length: last - first + 1 }, (_, i) => `RETR ${first + i}\r\n`).join(''));
    for (let n = first; n <= last; n++) {
      await reader.line();
      yield await reader.message();
    }
  }
  socket.end('QUIT\r\n');
}

class ReplyReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #held = Buffer.alloc(0);

  constructor(socket: TLSSocket) {
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  async #more(): Promise<void> {
    const { value, done } = await this.#chunks.next();
    if (done) throw new Error('the server closed the connection');
    this.#held = Buffer.concat([this.#held, value]);
  }

  async line(): Promise<string> {
    let at = this.#held.indexOf('\r\n');
    for (; at < 0; at = this.#held.indexOf('\r\n')) await this.#more();
    const line = this.#held.toString('latin1', 0, at);
    this.#held = this.#held.subarray(at + 2);
    if (!line.startsWith('+OK')) throw new Error(line);
    return line;
  }

  /** RFC 1939 §3: up to the line of a dot alone, leading dots undone. The last line end is the protocol's and the message's. */
  async message(): Promise<Buffer> {
    const empty = () => this.#held.subarray(0, 3).equals(end.subarray(2));
    let at = -1;
    for (let from = 0; ; ) {
      if (empty()) break;
      at = this.#held.indexOf(end, from);
      if (at >= 0) break;
      from = Math.max(0, this.#held.length - end.length);
      await this.#more();
    }
    const body = at < 0 ? Buffer.alloc(0) : this.#held.subarray(0, at + 2);
    this.#held = this.#held.subarray(at < 0 ? 3 : at + end.length);
    const text = body.toString('latin1').replace(/^\./, '').replaceAll('\r\n.', '\r\n');
    return Buffer.from(text, 'latin1');
  }
}
