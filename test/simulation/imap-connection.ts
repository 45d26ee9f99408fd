import { ImapReader, type ServerLine } from './imap-reader.ts';
import type { ClientSide } from './wire.ts';

/** The connection broke; whatever was under way may have happened or not. */
export class Disconnected extends Error {}

export interface Tagged {
  readonly condition: 'OK' | 'NO' | 'BAD';
  readonly text: string;
}

/** Who is told what of a connection. */
export interface Told {
  untagged(line: ServerLine): void;
  answered(command: string, answer: Tagged): void;
  trace(text: string): void;
}

/** A client's end of an IMAP session: sends commands, one after another, and hands over what is said untagged. */
export class ImapConnection {
  readonly #wire: ClientSide;
  readonly #reader = new ImapReader();
  readonly #untagged: (line: ServerLine) => void;
  #tags = 0;
  #waiting:
    | { readonly tag: string; readonly command: string; readonly done: PromiseWithResolvers<Tagged> }
    | undefined;
  #continue: PromiseWithResolvers<void> | undefined;
  #greeting: PromiseWithResolvers<void> | undefined = Promise.withResolvers<void>();
  #left = Number.POSITIVE_INFINITY;
  #broken = false;

  readonly #trace: (text: string) => void;
  readonly #answered: (command: string, answer: Tagged) => void;

  constructor(wire: ClientSide, told: Told) {
    this.#wire = wire;
    this.#trace = told.trace;
    this.#untagged = told.untagged;
    this.#answered = told.answered;
    wire.onData = (bytes) => this.#receive(bytes);
    wire.onEnd = () => this.#break();
    this.#greeting?.promise.catch(() => undefined);
  }

  get isBroken(): boolean {
    return this.#broken;
  }

  /** Breaks the connection after so many more octets from the server. */
  cutAfter(octets: number): void {
    this.#left = octets;
  }

  greeting(): Promise<void> {
    return this.#greeting?.promise ?? Promise.resolve();
  }

  command(text: string): Promise<Tagged> {
    if (this.#broken) return Promise.reject(new Disconnected());
    const tag = `a${++this.#tags}`;
    const done = Promise.withResolvers<Tagged>();
    this.#waiting = { tag, command: text, done };
    this.#trace(`C: ${tag} ${text}`);
    this.#wire.send(`${tag} ${text}\r\n`);
    return done.promise;
  }

  /** Sends a command that the server answers with a request to go on (true), or refuses; the second promise is the tagged answer. */
  begin(text: string): { readonly goOn: Promise<boolean>; readonly done: Promise<Tagged> } {
    this.#continue = Promise.withResolvers<void>();
    const done = this.command(text);
    done.catch(() => undefined);
    const goOn = this.#continue.promise.then(() => true);
    goOn.catch(() => undefined);
    return { goOn: Promise.race([goOn, done.then(() => false)]), done };
  }

  say(text: string): void {
    if (!this.#broken) this.#wire.send(text);
  }

  cut(): void {
    this.#wire.cut();
    this.#break();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#broken) return;
    this.#reader.push(bytes.subarray(0, this.#left));
    this.#left -= bytes.length;
    for (let line = this.#reader.next(); line !== undefined; line = this.#reader.next()) this.#take(line);
    if (this.#left <= 0) this.cut();
  }

  #take(line: ServerLine): void {
    this.#trace(`S: ${line.text}`);
    if (line.text.startsWith('+')) {
      this.#continue?.resolve();
      return;
    }
    if (line.text.startsWith('* ')) {
      this.#greeting?.resolve();
      this.#greeting = undefined;
      this.#untagged(line);
      if (line.text.startsWith('* BYE')) this.cut();
      return;
    }
    const match = /^(\S+) (OK|NO|BAD) ?(.*)$/.exec(line.text);
    const waiting = this.#waiting;
    if (match === null || waiting === undefined || waiting.tag !== match[1])
      throw new Error(`what is this? ${line.text}`);
    this.#waiting = undefined;
    const answer: Tagged = { condition: match[2] as Tagged['condition'], text: match[3]! };
    this.#answered(waiting.command, answer);
    waiting.done.resolve(answer);
  }

  #break(): void {
    if (this.#broken) return;
    this.#trace('the connection is gone');
    this.#broken = true;
    const cause = new Disconnected();
    this.#waiting?.done.reject(cause);
    this.#continue?.reject(cause);
    this.#greeting?.reject(cause);
  }
}
