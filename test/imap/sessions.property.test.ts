import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Account } from '../../shared/engine/account.ts';
import { localEngine } from '../support/local-engine.ts';
import { deliver, MessageSession } from './message-session.ts';

const local = await localEngine();

/** What one session does, in its own sequence numbers as far as it knows them. */
type Step =
  | { readonly kind: 'append'; readonly count: number }
  | {
      readonly kind: 'store';
      readonly at: number;
      readonly to: number;
      readonly form: string;
      readonly flag: string;
    }
  | {
      readonly kind: 'expunge' | 'uidExpunge' | 'move' | 'copy' | 'fetch' | 'search' | 'noop' | 'uidFetch';
      readonly at: number;
    };

const flagNames = ['\\Seen', '\\Deleted', '\\Deleted', '\\Flagged', '$Note'];

const steps = fc.array(
  fc.tuple(
    fc.nat(1),
    fc.oneof(
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 4 }) }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('store' as const),
          at: fc.nat(5),
          to: fc.nat(5),
          form: fc.constantFrom(
            '+FLAGS',
            '-FLAGS',
            'FLAGS',
            '+FLAGS.SILENT',
            '-FLAGS.SILENT',
            'FLAGS.SILENT',
          ),
          flag: fc.constantFrom(...flagNames),
        }),
      },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constantFrom(
            'expunge',
            'uidExpunge',
            'move',
            'copy',
            'fetch',
            'search',
            'noop',
            'uidFetch',
          ),
          at: fc.nat(20),
        }),
      },
    ),
  ),
  { minLength: 1, maxLength: 60, size: 'max' },
);

/** What a client believes of its mailbox, by nothing but what it was told: UID and flags by sequence number. */
class ModelClient {
  readonly session: MessageSession;
  #uids: (number | undefined)[] = [];
  #flags: (string | undefined)[] = [];
  readonly #account: Account;
  /** UIDs that it was told are \Recent: these are a session's own. */
  readonly recent = new Set<number>();

  constructor(account: Account, form: 'plain' | 'qresync') {
    this.#account = account;
    this.session = new MessageSession(account);
    if (form === 'qresync') Object.assign(this.session.enabled, { condStore: true, qresync: true });
  }

  async open(): Promise<void> {
    this.#uids = new Array(this.session.state.selected.view.exists).fill(undefined);
    this.#flags = this.#uids.slice() as undefined[];
    await this.learn();
  }

  get exists(): number {
    return this.#uids.length;
  }

  /** Asks for all that it was not told. */
  async learn(): Promise<void> {
    if (this.exists > 0) await this.run('FETCH 1:* (UID FLAGS)', 'withheld');
  }

  async step(step: Step): Promise<void> {
    if (step.kind === 'append')
      return deliver(
        this.#account,
        'INBOX',
        Array.from({ length: step.count }, () => ({ text: 'a: b\n\n' })),
      );
    if (step.kind === 'noop') return this.run('NOOP', 'allowed');
    if (step.kind === 'expunge') return this.run('EXPUNGE', 'allowed');
    if (this.exists === 0) return;
    const at = 1 + (step.at % this.exists);
    switch (step.kind) {
      case 'store': {
        const to = 1 + (step.to % this.exists);
        await this.run(`STORE ${at}:${to} ${step.form} (${step.flag})`, 'withheld');
        if (step.form.endsWith('.SILENT'))
          this.#foresee(Math.min(at, to), Math.max(at, to), step.form, step.flag);
        return;
      }
      case 'uidExpunge':
        return this.run(`UID EXPUNGE ${this.#uids[at - 1] ?? 1}`, 'allowed');
      case 'move':
        return this.run(`MOVE ${at} Archive`, 'allowed');
      case 'copy':
        return this.run(`COPY ${at} INBOX`, 'allowed');
      case 'fetch':
        return this.run(`FETCH ${at} (UID BODY[TEXT])`, 'withheld');
      case 'uidFetch':
        return this.run(`UID FETCH 1:* FLAGS`, 'allowed');
      case 'search':
        return this.run('SEARCH ALL', 'withheld');
    }
  }

  /** Flags that it was not told must be what it works out: noted before the answer is read, see `#silent`. */
  #foresee(from: number, to: number, form: string, flag: string): void {
    for (let i = from - 1; i < to; i++) {
      if (this.#told.has(i)) continue;
      const flags = new Set(this.#flags[i]?.split(' ').filter(Boolean));
      if (form.startsWith('FLAGS')) flags.clear();
      if (form.startsWith('-')) flags.delete(flag);
      else flags.add(flag);
      if (this.#flags[i] !== undefined) this.#flags[i] = sorted([...flags]);
    }
  }

  #told = new Set<number>();

  async run(command: string, expunge: 'allowed' | 'withheld'): Promise<void> {
    this.#told = new Set();
    const lines = await this.session.lines(command);
    for (const line of lines) {
      const gone = /^\* (\d+) EXPUNGE$/.exec(line);
      const vanished = /^\* VANISHED (\S+)$/.exec(line);
      if (gone || vanished) assert.equal(expunge, 'allowed', `${command}: ${line}`);
      if (gone) this.#remove(Number(gone[1]) - 1);
      if (vanished)
        for (const uid of numbersOf(vanished[1]!)) {
          const at = this.#uids.indexOf(uid);
          // A client that does not know all its UIDs could not follow; this one always asks first.
          assert.ok(at >= 0, `${uid} vanished, and was never there`);
          this.#remove(at);
        }
      const grown = /^\* (\d+) EXISTS$/.exec(line);
      if (grown) {
        assert.ok(Number(grown[1]) >= this.exists, 'EXISTS never shrinks');
        while (this.exists < Number(grown[1])) {
          this.#uids.push(undefined);
          this.#flags.push(undefined);
        }
      }
      this.#fetched(line);
    }
    assert.match(lines.at(-1)!, /^a (OK|NO \[EXPUNGEISSUED\]) /, command);
    if (this.#uids.includes(undefined) && !command.startsWith('FETCH 1:*')) {
      const told = this.#told;
      await this.learn();
      for (const i of told) this.#told.add(i);
    }
  }

  #fetched(line: string): void {
    const match = /^\* (\d+) FETCH \((.*)/.exec(line);
    if (!match) return;
    const at = Number(match[1]) - 1;
    assert.ok(at < this.exists, line);
    const uid = /\bUID (\d+)/.exec(match[2]!)?.[1];
    if (uid) {
      assert.ok(
        this.#uids[at] === undefined || this.#uids[at] === Number(uid),
        `${line}: was ${this.#uids[at]}`,
      );
      this.#uids[at] = Number(uid);
    }
    const flags = /FLAGS \(([^)]*)\)/.exec(match[2]!)?.[1];
    if (flags === undefined) return;
    const told = flags.split(' ').filter(Boolean);
    if (told.includes('\\Recent') && this.#uids[at] !== undefined) this.recent.add(this.#uids[at]);
    this.#flags[at] = sorted(told.filter((flag) => flag !== '\\Recent'));
    this.#told.add(at);
  }

  #remove(at: number): void {
    assert.ok(at >= 0 && at < this.exists);
    this.#uids.splice(at, 1);
    this.#flags.splice(at, 1);
    this.#told = new Set([...this.#told].filter((i) => i !== at).map((i) => (i > at ? i - 1 : i)));
  }

  /** After NOOP it knows the mailbox as it is. */
  async agree(): Promise<readonly number[]> {
    await this.run('NOOP', 'allowed');
    await this.learn();
    const mailbox = this.#account.state.mailboxes.named('INBOX')!;
    const uids: number[] = [];
    const flags: string[] = [];
    for (const chunk of mailbox.chunks)
      for (let i = 0; i < chunk.length; i++) {
        uids.push(chunk.fixed.uid[i]!);
        flags.push(sorted(this.#account.state.flags.set(chunk.marks.flags[i]!).flags));
      }
    assert.deepEqual(this.#uids, uids);
    assert.deepEqual(this.#flags, flags);
    return uids;
  }
}

const sorted = (flags: readonly string[]): string => flags.toSorted().join(' ');

function* numbersOf(set: string): Generator<number> {
  for (const range of set.split(',')) {
    const [from, to = from] = range.split(':').map(Number) as [number, number?];
    for (let n = from; n <= to; n++) yield n;
  }
}

for (const form of ['plain', 'qresync'] as const)
  test(`two sessions that do anything agree with the mailbox in the end (${form})`, () =>
    fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        const account = await local.account();
        await deliver(
          account,
          'INBOX',
          Array.from({ length: 5 }, () => ({ text: 'a: b\n\n' })),
        );
        const clients = [new ModelClient(account, form), new ModelClient(account, 'plain')];
        for (const client of clients) await client.open();
        for (const [who, step] of plan) await clients[who]!.step(step as Step);
        let uids: readonly number[] = [];
        for (const client of clients) uids = await client.agree();
        for (const uid of uids.filter((one) => one > 5))
          assert.equal(clients.filter(({ recent }) => recent.has(uid)).length, 1, `\\Recent: ${uid}`);
      }),
      { numRuns: 40 },
    ));
