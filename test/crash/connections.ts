import { WireClient } from '../imap/wire-client.ts';
import type { TestAccount } from '../support/server-process.ts';

/** The server is gone, or ends the connection: nothing that waits will be answered. */
export class Gone extends Error {}

/** A line that begins as it should; anything else the server says is a fault of its own. */
async function expect(client: WireClient, start: string): Promise<string> {
  const line = await client.nextLine();
  if (line === undefined) throw new Gone();
  if (!line.text.startsWith(start)) throw new Error(`"${line.text}" instead of ${start}`);
  return line.text;
}

/** An IMAP session that is signed in. */
export class ImapLoad {
  readonly #client: WireClient;
  #tag = 0;

  private constructor(client: WireClient) {
    this.#client = client;
  }

  static async open(port: number, { address, password }: TestAccount): Promise<ImapLoad> {
    const session = new ImapLoad(await WireClient.connect(port));
    await expect(session.#client, '* OK');
    await session.run(`LOGIN ${address} ${password}`);
    return session;
  }

  /** Sends without waiting; the tag that the answer will have. Octets are sent as non-synchronising literals. */
  send(...parts: readonly (string | Buffer)[]): string {
    const tag = `t${++this.#tag}`;
    const pieces = parts.map((part) =>
      typeof part === 'string' ? part : Buffer.concat([Buffer.from(`{${part.length}+}\r\n`), part]),
    );
    this.#client.send(Buffer.concat([`${tag} `, ...pieces, '\r\n'].map((piece) => Buffer.from(piece))));
    return tag;
  }

  /** Waits for a command to be answered with OK; everything said up to then. */
  async answer(tag: string): Promise<readonly string[]> {
    const said: string[] = [];
    for (;;) {
      const line = await this.#client.nextLine();
      if (line === undefined) throw new Gone();
      said.push(line.text);
      if (!line.first || !line.text.startsWith(`${tag} `)) continue;
      if (!line.text.startsWith(`${tag} OK`)) throw new Error(`refused: ${line.text}`);
      return said;
    }
  }

  run(...parts: readonly (string | Buffer)[]): Promise<readonly string[]> {
    return this.answer(this.send(...parts));
  }
}

/** A dot before each line that begins with one, and one alone at the end (RFC 5321 §4.5.2). */
const stuffed = (message: Buffer): Buffer =>
  Buffer.from(`${message.toString('latin1').replaceAll(/^\./gm, '..')}.\r\n`, 'latin1');

/** An LMTP session. */
export class LmtpLoad {
  readonly #client: WireClient;

  private constructor(client: WireClient) {
    this.#client = client;
  }

  static async open(port: number): Promise<LmtpLoad> {
    const session = new LmtpLoad(await WireClient.connect(port, undefined, 'other'));
    await expect(session.#client, '220 ');
    session.#client.send('LHLO load.test\r\n');
    while ((await expect(session.#client, '250')).startsWith('250-'));
    return session;
  }

  /** Delivers; `acknowledged` is called for each recipient in turn when the server has said that it has the message. */
  async deliver(
    recipients: readonly string[],
    message: Buffer,
    acknowledged: (at: number) => void,
  ): Promise<void> {
    const client = this.#client;
    client.send('MAIL FROM:<load@elsewhere.test>\r\n');
    await expect(client, '250 ');
    for (const recipient of recipients) {
      client.send(`RCPT TO:<${recipient}>\r\n`);
      await expect(client, '250 ');
    }
    client.send('DATA\r\n');
    await expect(client, '354 ');
    client.send(stuffed(message));
    for (const at of recipients.keys()) {
      await expect(client, '250 ');
      acknowledged(at);
    }
  }
}

/** A POP3 session from its sign-in to its QUIT. */
export class Pop3Load {
  readonly #client: WireClient;

  private constructor(client: WireClient) {
    this.#client = client;
  }

  static async open(port: number, { address, password }: TestAccount): Promise<Pop3Load> {
    const session = new Pop3Load(await WireClient.connect(port, undefined, 'other'));
    await expect(session.#client, '+OK');
    await session.run(`USER ${address}`);
    await session.run(`PASS ${password}`);
    return session;
  }

  async run(command: string): Promise<void> {
    this.#client.send(`${command}\r\n`);
    await expect(this.#client, '+OK');
  }

  /** Unique ids in the order of the numbers. */
  async uniqueIds(): Promise<readonly string[]> {
    await this.run('UIDL');
    const ids: string[] = [];
    for (;;) {
      const line = await expect(this.#client, '');
      if (line === '.') return ids;
      ids.push(line.split(' ')[1] ?? '');
    }
  }
}
