import { appendMessages } from '../../shared/engine/actions.ts';
import type { MailError } from '../../shared/engine/mail-error.ts';
import { stageMessage } from '../../shared/engine/stage.ts';
import { type AccountId, messageKey } from '../../shared/ids.ts';
import type { Result } from '../../shared/result.ts';
import { answeredBy } from './client-judge.ts';
import { MailClient } from './mail-client.ts';
import { pop3Session } from './pop3-client.ts';
import { Random } from './random.ts';
import { words } from './search-keys.ts';
import { Violation } from './violation.ts';
import type { Running, World } from './world.ts';

/** A message on its way to somebody: told of again and again until it is taken, and now and then weeks after. */
export interface MailEvent {
  readonly id: string;
  readonly account: AccountId;
  readonly bytes: Buffer;
  readonly firstAt: number;
  state: 'open' | 'stored' | 'bounced';
}

const longestRetry = 14 * 24 * 3600_000;

/** Those who write, read and deliver mail. */
export class People {
  readonly events: MailEvent[] = [];
  readonly clients: {
    readonly address: string;
    readonly client: MailClient;
    account: AccountId | undefined;
  }[] = [];
  readonly #world: World;
  #attempts = 0;
  /** Whether deliveries open the account: a number of its own, for the others are those of runs without. */
  readonly #unopened: Pick<Random, 'chance'>;

  constructor(world: World) {
    this.#world = world;
    const { plant } = world;
    const some = plant === undefined || plant.unopened === true;
    this.#unopened = some ? new Random(world.seed, 'unopened') : { chance: () => false };
  }

  addClient(address: string, random: Random): void {
    const world = this.#world;
    const name = `${address}${this.clients.length}`;
    const entry: (typeof this.clients)[number] = {
      address,
      account: undefined,
      client: new MailClient(address, {
        random,
        connect: () => {
          entry.account = world.accounts.directory.get(address)?.id;
          return entry.account === undefined ? undefined : world.connect(random, 'imap');
        },
        pause: (ms) => world.pause(ms),
        length: () => world.truthOf(entry.account!).length,
        answered: (connection, command, answer) =>
          world.proposals.answered(connection, answeredBy(command, answer)),
        compare: (_mailbox, cache, from, to) => world.judgeCache(entry.account!, cache, from, to),
        compareSearch: (uidValidity, search, from, to) =>
          world.judgeSearch(entry.account!, uidValidity, search, from, to),
        events: () => this.events.length,
        count: (what) => world.faults.count(what),
        trace: (text) => world.trace(`${name} ${text}`),
        bytesOf: (email) => world.bytesOf(entry.account!, email),
      }),
    };
    this.clients.push(entry);
  }

  /** Starts something of somebody's that goes on by itself. */
  start(what: Promise<unknown>): void {
    what.catch((cause) => this.#world.unexpected('people', cause));
  }

  newEvent(address: string, random: Random): MailEvent | undefined {
    const record = this.#world.accounts.directory.get(address);
    if (record === undefined) return undefined;
    const n = this.events.length;
    const said = Array.from({ length: random.int(0, 12) }, () => random.pick(words)).join(' ');
    const body = `${said} ${'Consectetur adipiscing elit. '.repeat(random.int(0, 20))}`;
    const text = `Subject: event ${n}\r\nFrom: <x@example.test>\r\nMessage-ID: <${n}@example.test>\r\n\r\n${body}\r\n.\r\n`;
    const event: MailEvent = {
      id: `event-${n}/${address}`,
      account: record.id,
      bytes: Buffer.from(text, 'latin1'),
      firstAt: this.#world.scheduler.now,
      state: 'open',
    };
    this.events.push(event);
    return event;
  }

  /** Told again, with growing pauses, until it is stored or bounced. */
  async deliver(event: MailEvent): Promise<void> {
    const world = this.#world;
    const random = new Random(world.seed, `delivery ${this.#attempts++}`);
    for (let attempt = 0; attempt < 25 && event.state === 'open'; attempt++) {
      if (world.truthOf(event.account).removed) return;
      // Whoever holds it gives up before its id is forgotten.
      if (world.scheduler.now - event.firstAt > longestRetry) event.state = 'bounced';
      else await this.attempt(event, random);
      if (event.state === 'open') await world.pause(random.spread(1_000, 60_000) * 1.4 ** attempt);
    }
  }

  async attempt(event: MailEvent, random: Random): Promise<void> {
    const world = this.#world;
    const running = random.pick([...world.nodes.values()]);
    if (running === undefined) return;
    const give = world.scheduler.by(running.node, () =>
      this.#unopened.chance(0.5) ? this.#storeUnopened(running, event) : this.#storeOpened(running, event),
    );
    // Whoever runs it is stopped, or forgotten, after its time; it may still go on.
    const outcome = await Promise.race([give, world.pause(120_000)]);
    if (outcome?.ok === true) event.state = 'stored';
    else if (outcome?.ok === false && outcome.error.kind === 'overQuota' && event.state === 'open')
      event.state = 'bounced';
  }

  /** As a function does that has no account open; what that leaves to others is done with the account. */
  async #storeUnopened(running: Running, event: MailEvent): Promise<Result<unknown, MailError>> {
    const { engine } = running;
    const { account: id, bytes, id: deliveryId } = event;
    const staged = await stageMessage(engine.parts, id, bytes);
    if (!staged.ok) return staged;
    const request = { message: staged.value, internalDate: staged.value.stagedAt, deliveryId };
    const appended = await engine.appendUnopened(id, request);
    if (appended.ok && appended.value === 'stored') {
      this.#world.faults.count('delivered unopened');
      await this.#world.truthOf(id).catchUp();
    } else if (appended.ok || appended.error.kind !== 'unsettled')
      await engine.parts.blobs.delete([messageKey(id, staged.value.emailId)]).catch(() => undefined);
    return appended.ok && appended.value === 'mustOpen' ? this.#storeOpened(running, event) : appended;
  }

  #storeOpened(
    { engine }: Running,
    { account: id, bytes, id: deliveryId }: MailEvent,
  ): Promise<Result<unknown, MailError>> {
    return engine.with(id, async (account) => {
      const planted = this.#world.plant?.stage?.(engine.parts, id, bytes, deliveryId);
      const staged = await (planted ?? account.stage(bytes));
      if (!staged.ok) return staged;
      const request = { message: staged.value, flags: [], internalDate: undefined, deliveryId };
      const appended = await account.commit(appendMessages('INBOX', [request], 'inbox'));
      const unused = appended.ok ? appended.value.uids.size === 0 : appended.error.kind !== 'unsettled';
      if (unused) await account.unstage(staged.value);
      return appended;
    });
  }

  readByPop3(address: string, random: Random): Promise<void> {
    const world = this.#world;
    const id = world.accounts.directory.get(address)?.id;
    return pop3Session(address, {
      random,
      connect: () => world.connect(random, 'pop3'),
      quit: (connection, answer) =>
        world.proposals.answered(connection, {
          command: 'QUIT',
          answer,
          refused: !answer.startsWith('+OK'),
        }),
      pause: (ms) => world.pause(ms),
      bytesOf: (email) => (id === undefined ? undefined : world.bytesOf(id, email)),
      count: (what) => world.faults.count(what),
    });
  }

  /** What was acknowledged is there once. */
  judgeDeliveries(): void {
    for (const event of this.events) {
      const truth = this.#world.truthOf(event.account);
      if (truth.removed) continue;
      const times = truth.delivered.get(event.id) ?? 0;
      if (event.state === 'stored' && times === 0)
        throw new Violation(`${event.id} was acknowledged and is nowhere`);
      if (times > 1) throw new Violation(`${event.id} was delivered ${times} times`);
    }
  }
}
