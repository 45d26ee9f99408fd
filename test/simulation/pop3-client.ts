import type { Random } from './random.ts';
import { Violation } from './violation.ts';
import type { ClientSide } from './wire.ts';

export interface Pop3ClientWorld {
  readonly random: Random;
  connect(): ClientSide | undefined;
  /** Throws where QUIT was answered otherwise than what became of the deletions. */
  quit(connection: ClientSide, answer: string): void;
  pause(ms: number): Promise<void>;
  bytesOf(email: string): Buffer | undefined;
  count(what: string): void;
}

class Cut extends Error {}

/** A POP3 client's one session: what a number means must stay what it was, whatever others do meanwhile. */
export async function pop3Session(address: string, world: Pop3ClientWorld): Promise<void> {
  const { random } = world;
  const wire = world.connect();
  if (wire === undefined) return;
  const lines = new Lines(wire);
  const ask = async (command: string) => {
    wire.send(`${command}\r\n`);
    return lines.next();
  };
  const listing = async (command: string) => {
    const rest: string[] = [];
    if (!(await ask(command)).startsWith('+OK')) throw new Cut();
    for (let line = await lines.next(); line !== '.'; line = await lines.next()) rest.push(line);
    return rest;
  };
  try {
    await lines.next();
    await ask(`USER ${address}`);
    const signedIn = await ask('PASS secret');
    if (!signedIn.startsWith('+OK')) {
      if (signedIn.includes('IN-USE')) world.count('maildrop in use');
      return;
    }
    const names = await listing('UIDL');
    const sizes = await listing('LIST');
    const total = /^\+OK (\d+) (\d+)/.exec(await ask('STAT'));
    const sum = sizes.reduce((octets, line) => octets + Number(line.split(' ')[1]), 0);
    if (Number(total?.[1]) !== names.length || Number(total?.[2]) !== sum)
      throw new Violation(`STAT says ${total?.[0]}, the lists ${names.length} and ${sum}`);
    for (let n = random.int(0, 3); n > 0 && names.length > 0; n--) {
      await world.pause(random.spread(10, 60_000));
      const again = await listing('UIDL');
      if (again.join() !== names.join()) throw new Violation(`the numbers of a POP3 session changed`);
      const [number, email] = random.pick(names).split(' ') as [string, string];
      if (random.chance(0.5)) await retrieve(number, email);
    }
    const deleted = random.chance(0.5) ? random.some(names, 0.3) : [];
    for (const line of deleted) await ask(`DELE ${line.split(' ')[0]}`);
    if (random.chance(0.8)) world.quit(wire, await ask('QUIT'));
    world.count('POP3 session');
  } catch (cause) {
    if (!(cause instanceof Cut)) throw cause;
  } finally {
    wire.cut();
  }

  async function retrieve(number: string, email: string): Promise<void> {
    const first = await ask(`RETR ${number}`);
    if (!first.startsWith('+OK')) return;
    let text = '';
    for (let line = await lines.next(); line !== '.'; line = await lines.next())
      text += `${line.replace(/^\./, '')}\r\n`;
    const bytes = world.bytesOf(email);
    if (bytes !== undefined && bytes.toString('latin1') !== text)
      throw new Violation(`message ${email} has other octets by POP3`);
  }
}

class Lines {
  #text = '';
  #ended = false;
  #waiting: PromiseWithResolvers<string> | undefined;

  constructor(wire: ClientSide) {
    wire.onData = (bytes) => {
      this.#text += Buffer.from(bytes).toString('latin1');
      this.#settle();
    };
    wire.onEnd = () => {
      this.#ended = true;
      this.#settle();
    };
  }

  next(): Promise<string> {
    this.#waiting = Promise.withResolvers<string>();
    const { promise } = this.#waiting;
    this.#settle();
    return promise;
  }

  #settle(): void {
    const waiting = this.#waiting;
    const end = this.#text.indexOf('\r\n');
    if (waiting === undefined || (end < 0 && !this.#ended)) return;
    this.#waiting = undefined;
    if (end < 0) {
      waiting.reject(new Cut());
      return;
    }
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 2);
    waiting.resolve(line);
  }
}
