import { mailboxes, oneCommand } from './client-commands.ts';
import { Disconnected, ImapConnection, type Tagged } from './imap-connection.ts';
import { parseFetch, type ServerLine, setOf } from './imap-reader.ts';
import { MailCache } from './mail-cache.ts';
import type { Random } from './random.ts';
import type { SearchedFor } from './search-keys.ts';
import { Violation } from './violation.ts';
import type { ClientSide } from './wire.ts';

/** How a client catches up: from nothing but UIDs, by CONDSTORE, by QRESYNC (RFC 7162), or by QRESYNC with all its parameters. */
export type ResyncMode = 'plain' | 'condStore' | 'qresync' | 'qresyncMatch';

export interface MailClientWorld {
  readonly random: Random;
  /** A connection to some node; undefined where none answers. */
  connect(): ClientSide | undefined;
  pause(ms: number): Promise<void>;
  /** The number of entries now, of the client's account. */
  length(): number;
  /** Throws where a command was answered otherwise than what became of the changes that it stands for. */
  answered(connection: ClientSide, command: string, answer: Tagged): void;
  /** Throws where the account had no such contents of the mailbox from one number of entries to another. */
  compare(mailbox: string, cache: MailCache, from: number, to: number): void;
  /** The same of what a search found. */
  compareSearch(uidValidity: number, search: SearchedFor, from: number, to: number): void;
  /** How many messages were sent to anybody so far. */
  events(): number;
  count(what: string): void;
  trace(text: string): void;
  /** The bytes that a message was delivered with. */
  bytesOf(email: string): Buffer | undefined;
}

/** A person's mail program: keeps a copy of a mailbox, loses its connection at any octet, and catches up. */
export class MailClient {
  readonly name: string;
  readonly #world: MailClientWorld;
  readonly #caches = new Map<string, MailCache>();
  #connection: ImapConnection | undefined;
  #mailbox = 'INBOX';
  #cache = new MailCache();
  #selected = false;
  #busy = false;
  #leaving = false;
  #mode: ResyncMode = 'plain';
  /** Where the client goes on by QRESYNC when it is connected again. */
  #comesBack: string | undefined;

  constructor(name: string, world: MailClientWorld) {
    this.name = name;
    this.#world = world;
  }

  get connection(): ImapConnection {
    return this.#connection!;
  }

  get mailbox(): string {
    return this.#mailbox;
  }

  get cache(): MailCache {
    return this.#cache;
  }

  get selected(): boolean {
    return this.#selected;
  }

  /** The connection goes; the next one goes on from here, by QRESYNC. */
  leaveAndComeBack(): void {
    this.#comesBack = this.#mailbox;
    this.drop();
  }

  /** Works for a while: `commands` of them, however often the connection breaks. */
  async work(commands: number): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let done = 0; done < commands && !this.#leaving; done++) {
        try {
          if (!(await this.#ready())) return;
          await oneCommand(this, this.#world);
        } catch (cause) {
          if (!(cause instanceof Disconnected)) throw cause;
          this.#world.count('connection lost');
        }
        await this.#world.pause(this.#world.random.spread(1, 2_000));
      }
    } finally {
      this.#busy = false;
    }
  }

  /** The connection goes, at once. */
  drop(): void {
    this.#connection?.cut();
  }

  /** Connects and compares until it worked. */
  async settle(): Promise<boolean> {
    this.#leaving = true;
    this.drop();
    while (this.#busy) await this.#world.pause(1_000);
    for (let attempt = 0; attempt < 20; attempt++) {
      try {
        if ((await this.#ready()) && (await this.check())) return true;
      } catch (cause) {
        if (!(cause instanceof Disconnected)) throw cause;
      }
      await this.#world.pause(3_000);
    }
    return false;
  }

  async #ready(): Promise<boolean> {
    const { random } = this.#world;
    if (this.#connection !== undefined && !this.#connection.isBroken)
      return this.#selected || this.select(random.pick(mailboxes));
    this.#selected = false;
    const wire = this.#world.connect();
    if (wire === undefined) return false;
    const connection = new ImapConnection(wire, {
      untagged: (line) => this.#heard(line),
      answered: (command, answer) => this.#world.answered(wire, command, answer),
      trace: this.#world.trace,
    });
    this.#connection = connection;
    if (random.chance(0.5)) connection.cutAfter(Math.floor(random.spread(100, 20_000)));
    for (const cache of this.#caches.values()) cache.disconnected();
    const back = this.#comesBack;
    this.#comesBack = undefined;
    if (back !== undefined) this.#mode = 'qresync';
    else this.#mode = random.pick(['plain', 'plain', 'condStore', 'qresync', 'qresyncMatch'] as const);
    await connection.greeting();
    const signedIn = await connection.command(`LOGIN ${this.name} secret`);
    if (signedIn.condition !== 'OK') {
      connection.cut();
      return false;
    }
    if (this.#mode.startsWith('qresync')) await this.send('ENABLE QRESYNC');
    return this.select(back ?? random.pick(mailboxes));
  }

  async select(name: string): Promise<boolean> {
    this.#mailbox = name;
    let cache = this.#caches.get(name);
    if (cache === undefined) {
      cache = new MailCache();
      this.#caches.set(name, cache);
    }
    this.#cache = cache;
    cache.disconnected();
    this.#selected = false;
    const { random } = this.#world;
    const { uidValidity, highestModSeq } = cache;
    const known = [...cache.messages.keys()].sort((a, b) => a - b);
    const resync = this.#mode.startsWith('qresync') && highestModSeq > 0;
    let parameter = this.#mode === 'plain' ? '' : ' (CONDSTORE)';
    if (resync) {
      // Sequence match data comes after known UIDs only.
      const uids = known.length === 0 ? ' 1:4294967294' : ` ${setOf(known)}`;
      const pairs = this.#mode === 'qresyncMatch' ? matchData(cache.agreed, random) : '';
      parameter = ` (QRESYNC (${uidValidity} ${highestModSeq}${uids}${pairs}))`;
      this.#world.count('QRESYNC');
    }
    const before = this.#world.length();
    cache.catchingUp = !resync;
    const answer = await this.send(`SELECT ${name}${parameter}`);
    if (answer.condition === 'NO' && answer.text.includes('NONEXISTENT')) {
      cache.clear();
      if (name !== 'INBOX') return this.select('INBOX');
      throw new Violation('there is no INBOX');
    }
    if (answer.condition !== 'OK') return false;
    this.#selected = true;
    // Half a resync is none: the mailbox is selected anew.
    this.#selected = await this.#catchUp(before, resync, uidValidity, highestModSeq);
    cache.catchingUp &&= !this.#selected;
    return this.#selected;
  }

  /** What follows a SELECT. False where some of it was refused. */
  async #catchUp(before: number, resync: boolean, uidValidity: number, since: number): Promise<boolean> {
    const cache = this.#cache;
    const { heardValidity = 0 } = cache;
    if (heardValidity !== uidValidity) {
      const count = cache.numbers.length;
      cache.clear();
      cache.disconnected();
      cache.exists(count);
      cache.uidValidity = heardValidity;
      cache.catchingUp = true;
      return this.#fetchAll();
    }
    if (resync) {
      // Messages of which the client had heard, but no more, are not among what has changed.
      if (cache.messages.size < cache.numbers.length) {
        if (!(await this.#fetchUids())) return false;
      } else cache.numberAll();
      if (cache.unknown().length === 0 || (await this.#fetchUnknown()))
        this.#world.compare(this.#mailbox, cache, before, this.#world.length());
      return true;
    }
    if (this.#mode !== 'condStore' || since === 0) return this.#fetchAll();
    this.#world.count('CONDSTORE resync');
    const changed = await this.send(`UID FETCH 1:* (FLAGS EMAILID) (CHANGEDSINCE ${since})`);
    return changed.condition === 'OK' && this.#fetchUids();
  }

  /** Learns which UIDs there are; what is no longer there goes. */
  #fetchUids(): Promise<boolean> {
    return this.#fetchEach('UID FETCH 1:* (UID)');
  }

  #fetchAll(): Promise<boolean> {
    return this.#fetchEach('FETCH 1:* (UID FLAGS EMAILID)');
  }

  async #fetchEach(command: string): Promise<boolean> {
    if (this.#cache.numbers.length > 0 && (await this.send(command)).condition !== 'OK') return false;
    this.#cache.keepNumbered();
    return true;
  }

  /** UIDs of the last SEARCH that was answered. */
  readonly searched: number[] = [];

  #heard(line: ServerLine): void {
    const { text } = line;
    const cache = this.#cache;
    const count = /^\* (\d+) (EXISTS|EXPUNGE)$/.exec(text);
    const fetched = parseFetch(line);
    const vanished = /^\* VANISHED( \(EARLIER\))? (\S+)$/.exec(text);
    const code = /^\* OK \[(HIGHESTMODSEQ|UIDVALIDITY) (\d+)\]/.exec(text);
    // Said too where the client itself deletes what it has selected.
    if (text.startsWith('* OK [CLOSED]')) this.#selected = false;
    if (count?.[2] === 'EXISTS') cache.exists(Number(count[1]));
    else if (count !== null) cache.expunge(Number(count[1]));
    else if (text.startsWith('* SEARCH')) this.searched.push(...text.split(' ').slice(2).map(Number));
    else if (vanished !== null) cache.vanished(vanished[2]!, vanished[1] !== undefined);
    else if (code !== null) cache.code(code[1]!, Number(code[2]));
    else if (fetched !== undefined) {
      cache.fetched(fetched);
      if (fetched.body !== undefined) this.#judgeBody(fetched.seq, fetched.body);
    }
  }

  #judgeBody(seq: number, body: Buffer): void {
    const uid = this.#cache.numbers[seq - 1];
    const email = uid === undefined ? undefined : this.#cache.messages.get(uid)?.email;
    const bytes = email === undefined ? undefined : this.#world.bytesOf(email);
    if (bytes !== undefined && !bytes.equals(body)) throw new Violation(`message ${email} has other octets`);
    this.#world.count('body read');
  }

  async send(text: string, expunge: 'allowed' | 'withheld' = 'allowed'): Promise<Tagged> {
    const answer = await this.#connection!.command(text);
    const code = /^\[HIGHESTMODSEQ (\d+)\]/.exec(answer.text);
    if (code !== null) this.#cache.code('HIGHESTMODSEQ', Number(code[1]));
    this.#cache.answered(/^(FETCH|STORE|SEARCH)/.test(text) ? 'withheld' : expunge);
    if (answer.condition === 'BAD') throw new Violation(`${text} was answered BAD ${answer.text}`);
    return answer;
  }

  /** NOOP, then what is not known yet; the cache must then be what the mailbox was at some moment of that. */
  async check(): Promise<boolean> {
    const before = this.#world.length();
    const answer = await this.send('NOOP');
    if (answer.condition !== 'OK') return false;
    if (this.#cache.unknown().length > 0 && !(await this.#fetchUnknown())) return false;
    this.#world.compare(this.#mailbox, this.#cache, before, this.#world.length());
    this.#cache.agreed = this.#cache.numbers.slice() as number[];
    this.#world.count('cache compared');
    return true;
  }

  /** Asks for what is not known yet. False where more of that came meanwhile. */
  async #fetchUnknown(): Promise<boolean> {
    const fetched = await this.send(`FETCH ${setOf(this.#cache.unknown())} (UID FLAGS EMAILID)`);
    if (fetched.condition !== 'OK' || this.#cache.unknown().length > 0) return false;
    // What changed while it was fetched may be half told.
    return (await this.send('NOOP')).condition === 'OK' && this.#cache.unknown().length === 0;
  }
}

/** Some numbers with their UIDs, as RFC 7162 §3.2.5.2 wants them. */
function matchData(known: readonly number[], random: Random): string {
  const picked = known.map((_, i) => i).filter(() => random.chance(0.5));
  if (picked.length === 0) return '';
  return ` (${setOf(picked.map((i) => i + 1))} ${setOf(picked.map((i) => known[i]!))})`;
}
