/**
 * Protocol tests that read as what they are: what clients send and what the server answers, line by line, over real sockets to a
 * real server on the embedded store. A file `transcripts/NAME.transcript` is a test called NAME; its name states the behaviour.
 *
 *     # A comment; empty lines are nothing.
 *     given INBOX with 2 messages
 *     C1: a1 SELECT INBOX
 *     S1: * …
 *     S1: a1 OK [READ-WRITE] …
 *
 * What happens, strictly in the order of the lines (nothing is waited for but the next expected line):
 *
 *     Cn: text       client n sends the line. Client n connects (and signs in) where it is first named.
 *     Cn& text       the same, held back to be sent in one packet with the next line that is not.
 *     Cn> text       a line of a literal: `{*}` or `{*+}` in the line above counts the octets of the `Cn>` lines that follow, line
 *                    ends included. The command goes on with the next `Cn:` line (an empty one to end it).
 *     Cn: (close)    the client closes. `Cn: (starttls)` it begins TLS.
 *     Sn: text       exactly this line comes next, except that `…` is any text.
 *     Sn: * …        any untagged responses, none too, up to what matches the next `Sn:` line. They may hold literals.
 *     Sn: (closed)   the server has closed the connection.
 *
 * At the end no client may have unread lines. `<<name>>` is a variable: in an `S` line it takes what stands there (up to a space or
 * bracket) where it has no value yet; elsewhere it is its value. From the start there are <<user>>, <<password>> and
 * <<plain>> (the response of SASL PLAIN in base64).
 *
 * What is given, in order, before the first `C` or `S` line:
 *
 *     given MAILBOX with 3 messages      made by `sampleMessage`: numbers in their subjects, INTERNALDATE 1-, 2-, 3-Jan-2026, no flags
 *     given MAILBOX with 1 message flagged \Seen $Junk
 *     given a message in MAILBOX         whose lines follow, each after `| `
 *     given mailbox MAILBOX
 *     given a quota of 5000 bytes
 *     given not signed in                clients connect only; their greeting is the first `S` line
 *     given TLS                          clients connect by TLS
 *     given option NAME 1000             of ImapOptions; `on` and `off` for yes and no
 *     given sign-in answers suspended    or another kind of AuthFailure
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import type { ImapServer } from '../../services/imap/server.ts';
import type { AuthFailure } from '../../shared/directory/authenticator.ts';
import { sampleMessage } from './sample-message.ts';
import { type Ground, type Person, password } from './test-server.ts';
import { WireClient } from './wire-client.ts';

interface Step {
  readonly line: number;
  readonly side: 'C' | 'S';
  readonly client: string;
  /** ':', '&' or '>'. */
  readonly mark: string;
  readonly text: string;
}

interface Given {
  readonly line: number;
  readonly text: string;
  /** The `| ` lines behind it. */
  readonly body: string[];
}

interface Transcript {
  readonly given: readonly Given[];
  readonly steps: readonly Step[];
}

function parse(source: string): Transcript {
  const given: Given[] = [];
  const steps: Step[] = [];
  source.split('\n').forEach((raw, index) => {
    const line = index + 1;
    if (raw.startsWith('#') || raw.trim() === '') return;
    const step = /^([CS])(\d+)([:&>])(?: (.*))?$/.exec(raw);
    if (step) {
      const [, side, client, mark, text = ''] = step;
      steps.push({ line, side: side as 'C' | 'S', client: client!, mark: mark!, text });
    } else if (raw.startsWith('given ')) given.push({ line, text: raw.slice(6).trim(), body: [] });
    else if (/^\|( |$)/.test(raw) && given.length > 0) given.at(-1)!.body.push(raw.slice(2));
    else throw new Error(`line ${line} is no line of a transcript: ${raw}`);
  });
  return { given, steps };
}

interface Setting {
  readonly person: Person;
  readonly options: Record<string, number | boolean>;
  signIn: 'yes' | 'no';
  tls: 'yes' | 'no';
}

type Prepare = (words: readonly string[], given: Given, setting: Setting, ground: Ground) => unknown;

const prepare: readonly (readonly [RegExp, Prepare])[] = [
  [
    /^(.+) with (\d+) messages?(?: flagged (.+))?$/,
    async ([mailbox = '', count = '', flags = ''], _, { person }) => {
      await person.mailbox(mailbox);
      for (let n = 1; n <= Number(count); n++) {
        const delivery = { flags: flags.split(' ').filter(Boolean), internalDate: Date.UTC(2026, 0, n, 12) };
        await person.deliver(mailbox, sampleMessage(n), delivery);
      }
    },
  ],
  [
    /^a message in (.+)$/,
    async ([mailbox = ''], { body }, { person }) => {
      await person.mailbox(mailbox);
      const text = body.map((line) => `${line}\r\n`).join('');
      await person.deliver(mailbox, text, { internalDate: Date.UTC(2026, 0, 1, 12) });
    },
  ],
  [/^mailbox (.+)$/, ([mailbox = ''], _, { person }) => person.mailbox(mailbox)],
  [/^a quota of (\d+) bytes$/, ([bytes], _, { person }) => person.quota(Number(bytes))],
  [/^not signed in$/, (_words, _given, setting) => void (setting.signIn = 'no')],
  [/^TLS$/, (_words, _given, setting) => void (setting.tls = 'yes')],
  [
    /^option (\w+) (\w+)$/,
    ([name = '', value = ''], _, { options }) => {
      options[name] = /^\d+$/.test(value) ? Number(value) : value === 'on';
    },
  ],
  [
    /^sign-in answers (\w+)$/,
    ([kind], _given, _setting, ground) =>
      ground.refuse({ kind, protocol: 'imap', retryAfterMs: 1500 } as AuthFailure),
  ],
];

async function arrange(given: readonly Given[], setting: Setting, ground: Ground): Promise<void> {
  for (const one of given) {
    const [words, does] = prepare
      .map(([pattern, does]) => [pattern.exec(one.text), does] as const)
      .find(([match]) => match !== null) ?? [undefined, undefined];
    if (!words) throw new Error(`line ${one.line}: nobody knows how to give ${one.text}`);
    await does(words.slice(1), one, setting, ground);
  }
}

/** Plays a transcript; throws where the server says something else. */
export async function play(ground: Ground, file: URL): Promise<void> {
  const { given, steps } = parse(await readFile(file, 'utf8'));
  const person = await ground.person();
  const setting: Setting = { person, options: {}, signIn: 'yes', tls: 'no' };
  await arrange(given, setting, ground);
  const server = await ground.server(setting.options);
  const player = new Player(ground, server, setting);
  try {
    for (let i = 0; i < steps.length; i++) await player.step(steps, i);
    player.end();
  } finally {
    ground.refuse(undefined);
    player.close();
    await server.close(0);
  }
}

class Player {
  readonly #ground: Ground;
  readonly #server: ImapServer;
  readonly #setting: Setting;
  readonly #clients = new Map<string, WireClient>();
  readonly #held = new Map<string, string>();
  readonly #variables: Map<string, string>;

  constructor(ground: Ground, server: ImapServer, setting: Setting) {
    this.#ground = ground;
    this.#server = server;
    this.#setting = setting;
    const user = setting.person.address;
    this.#variables = new Map([
      ['user', user],
      ['password', password],
      ['plain', Buffer.from(`\0${user}\0${password}`).toString('base64')],
    ]);
  }

  async step(steps: readonly Step[], at: number): Promise<void> {
    const step = steps[at]!;
    try {
      const client = await this.#client(step.client);
      if (step.side === 'S') await this.#expect(client, step, steps[at + 1]);
      else await this.#say(client, step, steps.slice(at + 1));
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new assert.AssertionError({
        message: `line ${step.line}, ${step.side}${step.client}${step.mark} ${step.text}\n${said}`,
      });
    }
  }

  async #client(name: string): Promise<WireClient> {
    const known = this.#clients.get(name);
    if (known) return known;
    const tls = this.#setting.tls === 'yes';
    const port = this.#server.listeners[tls ? 1 : 0]!.port;
    const client = await WireClient.connect(port, tls ? this.#ground.ca : undefined);
    this.#clients.set(name, client);
    if (this.#setting.signIn === 'yes') {
      await client.nextLine();
      client.send(`t0 LOGIN ${this.#setting.person.address} ${password}\r\n`);
      const answer = await client.nextLine();
      if (!answer?.text.startsWith('t0 OK')) throw new Error(`could not sign in: ${answer?.text}`);
    }
    return client;
  }

  async #say(client: WireClient, step: Step, next: readonly Step[]): Promise<void> {
    if (step.text === '(close)') return client.close();
    if (step.text === '(starttls)') return client.startTls(this.#ground.ca);
    const text = this.#fill(step.text).replace(
      /\{\*(\+?)\}$/,
      (_, plus) => `{${literalSize(step, next)}${plus}}`,
    );
    const octets = `${this.#held.get(step.client) ?? ''}${text}\r\n`;
    if (step.mark === '&') this.#held.set(step.client, octets);
    else {
      this.#held.delete(step.client);
      client.send(octets);
    }
  }

  async #expect(client: WireClient, step: Step, next: Step | undefined): Promise<void> {
    if (step.text === '(closed)') {
      const line = await client.nextLine();
      if (line) throw new Error(`not closed, but: ${line.text}`);
      return;
    }
    if (step.text !== '* …') {
      const line = await client.nextLine();
      if (!line) throw new Error('the server has closed the connection');
      if (!this.#matches(step.text, line.text)) throw new Error(`but the server said:\n${line.text}`);
      return;
    }
    if (next?.side !== 'S' || next.client !== step.client) throw new Error('`* …` needs a line behind it');
    for (;;) {
      const line = await client.peek();
      if (!line || this.#matches(next.text, line.text, 'look')) return;
      if (!line.text.startsWith('* ')) throw new Error(`but the server said:\n${line.text}`);
      client.skipResponse();
    }
  }

  #fill(text: string): string {
    return text.replace(/<<(\w+)>>/g, (_, name) => {
      const value = this.#variables.get(name);
      if (value === undefined) throw new Error(`<<${name}>> has no value`);
      return value;
    });
  }

  /** Whether a line is as expected; takes variables from it unless it is only looked at. */
  #matches(expected: string, line: string, how: 'take' | 'look' = 'take'): boolean {
    const taken: string[] = [];
    const pattern = expected.split(/(…|<<\w+>>)/).map((piece) => {
      if (piece === '…') return '.*';
      const name = /^<<(\w+)>>$/.exec(piece)?.[1];
      const value = name === undefined ? piece : this.#variables.get(name);
      if (value !== undefined) return value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      taken.push(name!);
      return '([^ \\])]+)';
    });
    const match = new RegExp(`^${pattern.join('')}$`, 's').exec(line);
    if (match && how === 'take')
      for (const [i, name] of taken.entries()) this.#variables.set(name, match[i + 1]!);
    return match !== null;
  }

  end(): void {
    for (const [name, client] of this.#clients)
      assert.deepEqual(client.unread, [], `client ${name} has unread lines`);
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }
}

/** Octets of the literal lines that follow for this client. */
function literalSize(step: Step, next: readonly Step[]): number {
  const mine = next.filter((other) => other.side === 'C' && other.client === step.client);
  const end = mine.findIndex((other) => other.mark !== '>');
  const lines = end < 0 ? mine : mine.slice(0, end);
  return lines.reduce((sum, { text }) => sum + Buffer.byteLength(text) + 2, 0);
}
