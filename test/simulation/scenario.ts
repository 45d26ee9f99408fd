import type { Account } from '../../shared/engine/account.ts';
import { createMailbox, setLimit } from '../../shared/engine/actions.ts';
import { collectRemovedAccount, sweepOrphans } from '../../shared/engine/collector.ts';
import { restoreMessages } from '../../shared/engine/restore.ts';
import { purgeExpunged } from '../../shared/engine/retention.ts';
import type { AccountId } from '../../shared/ids.ts';
import { inWords } from './compare.ts';
import { noFaults } from './faults.ts';
import { People, ready } from './people.ts';
import { Random } from './random.ts';
import type { Release } from './release.ts';
import { Violation } from './violation.ts';
import { type Running, World, type WorldOptions } from './world.ts';

export interface ScenarioOptions extends WorldOptions {
  /** How many things happen. */
  readonly actions: number;
  /** Numbers of those that are left out. */
  readonly withoutActions?: ReadonlySet<number>;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
/** How long expunged messages can be brought back, ms. */
const retention = 14 * day;

const releases: readonly Release[] = ['now', 'next', 'later'];

const kinds = {
  deliver: 22,
  work: 18,
  crowd: 4,
  pop3: 4,
  duplicate: 6,
  compact: 9,
  purge: 4,
  sweep: 3,
  restore: 3,
  limit: 1,
  crash: 6,
  freeze: 6,
  clockJump: 4,
  outage: 4,
  drop: 4,
  release: 3,
  remake: 1,
  collect: 2,
} as const;
type Kind = keyof typeof kinds;

/** One run: what happens, in which order, with what in between. */
export class Scenario {
  readonly world: World;
  readonly people: People;
  readonly #options: ScenarioOptions;
  readonly #nodes: readonly string[];
  readonly #addresses: readonly string[];

  constructor(options: ScenarioOptions) {
    this.#options = options;
    this.world = new World(options);
    this.people = new People(this.world);
    const random = new Random(options.seed, 'cast');
    this.#nodes = ['n1', 'n2', 'n3'].slice(0, random.int(1, 3));
    this.#addresses = ['ann', 'ben'].slice(0, random.int(1, 2));
  }

  async run(): Promise<void> {
    const { world } = this;
    const cast = new Random(this.#options.seed, 'cast 2');
    for (const name of this.#nodes) world.startNode(name);
    for (const address of this.#addresses) {
      world.addAccount(address, cast);
      for (let n = cast.int(1, 3); n > 0; n--)
        this.people.addClient(address, new Random(this.#options.seed, `client ${address} ${n}`));
    }
    for (let i = 0; i < this.#options.actions; i++) {
      const random = new Random(this.#options.seed, `action ${i}`);
      if (this.#options.withoutActions?.has(i)) continue;
      await world.pass(gap(random));
      await this.#act(i, random);
    }
    await this.#finish();
  }

  async #act(i: number, random: Random): Promise<void> {
    const { world, people } = this;
    const kind: Kind = random.weighted(kinds);
    const address = random.pick(this.#addresses);
    const name = random.pick(this.#nodes);
    const running = world.nodes.get(name);
    world.trace(`-- ${i} ${kind}`);
    switch (kind) {
      case 'deliver':
        return world.as(world.people, () => {
          for (let n = random.int(1, 6); n > 0; n--) {
            const event = people.newEvent(address, random);
            if (event !== undefined) people.start(people.deliver(event));
          }
        });
      case 'duplicate': {
        const event = people.events.length === 0 ? undefined : random.pick(people.events);
        if (event === undefined || event.state === 'bounced') return;
        // Its id is remembered for 30 days.
        if (world.scheduler.now - event.firstAt > 29 * day) return;
        world.faults.count(
          world.scheduler.now - event.firstAt > 7 * day ? 'duplicate after weeks' : 'duplicate',
        );
        return world.as(world.people, () => people.start(people.attempt(event, random)));
      }
      case 'work':
        return world.as(world.people, () =>
          people.start(random.pick(people.clients).client.work(random.int(2, 12))),
        );
      case 'crowd':
        return world.as(world.people, () => {
          for (const { client } of people.clients) people.start(client.work(random.int(4, 12)));
        });
      case 'drop':
        return world.as(world.people, () => random.pick(people.clients).client.drop());
      case 'pop3':
        return world.as(world.people, () => people.start(people.readByPop3(address, random)));
      case 'compact':
        return this.#onAccount(running, address, 'compact', (account) => account.compact());
      case 'purge':
        return this.#onAccount(running, address, 'purge', async (account, { ports, engine }) => {
          const cutoff = Math.floor((running!.node.now() - retention) / 1000);
          const purged = await purgeExpunged(account, { ...ports, sleep: engine.parts.sleep }, cutoff);
          if (!purged.ok && 'cause' in purged.error) world.unexpected('purge', purged.error.cause);
          if (purged.ok && purged.value.messages > 0) world.faults.count('messages purged');
        });
      case 'sweep':
        return this.#onAccount(running, address, 'sweep', async (account, { engine, soil }) => {
          const planted = world.plant?.sweep?.(account, engine.parts, soil);
          const swept = await (planted ?? sweepOrphans(account, engine.parts));
          if (swept.objects > 0) world.faults.count('orphans swept');
        });
      case 'restore':
        return this.#onAccount(running, address, 'restore', async (account) => {
          const since = Math.floor((world.scheduler.now - random.spread(hour, retention)) / 1000);
          const restored = await account.commit(restoreMessages({ since, quota: 'ignored' }));
          if (restored.ok && restored.value.length > 0) world.faults.count('messages restored');
        });
      case 'limit':
        return this.#onAccount(running, address, 'limit', async (account) => {
          await account.commit(setLimit(random.chance(0.5) ? undefined : random.int(2_000, 40_000)));
          await account.commit(createMailbox('Work'));
        });
      case 'crash':
        if (running === undefined) return;
        world.crash(name);
        world.scheduler.after(random.spread(100, 10 * minute), () => world.startNode(name));
        return;
      case 'freeze':
        if (running === undefined) return;
        world.faults.count('freeze');
        running.node.frozenUntil = Math.max(
          running.node.frozenUntil,
          world.scheduler.now + random.spread(second, 8 * hour),
        );
        return;
      case 'clockJump':
        // On one machine all have one clock.
        if (running === undefined || world.embedded) return;
        world.faults.count('clockJump');
        running.node.clockError = random.chance(0.4) ? 0 : random.spread(10, 2 * day) * random.pick([-1, 1]);
        return;
      case 'release': {
        const before = world.releases.get(name) ?? 'now';
        const release = random.pick(releases.filter((other) => other !== before));
        const rollback = releases.indexOf(release) < releases.indexOf(before);
        world.faults.count(rollback ? 'rollback' : 'newer release');
        world.releases.set(name, release);
        world.crash(name);
        world.startNode(name);
        return;
      }
      case 'remake':
        if (!world.directory.has(address)) return;
        world.faults.count('account made again');
        world.removeAccount(address);
        // UIDVALIDITY is the time: within the error of the clocks, an account made again could repeat one.
        world.scheduler.after(random.spread(10 * minute, hour), () => world.addAccount(address, random));
        return;
      case 'collect':
        if (running !== undefined && world.removed.length > 0)
          await this.#collect(running, random.pick(world.removed));
        return;
      case 'outage':
        if (running === undefined || world.embedded) return;
        world.faults.count('outage');
        running.node.outageUntil = world.scheduler.now + random.spread(second, hour);
    }
  }

  /** What a removed account had goes. */
  #collect({ node, ports }: Running, account: AccountId): Promise<void> {
    return this.world.as(node, () => {
      collectRemovedAccount(account, ports).then(
        ({ done }) => done && this.world.faults.count('removed account collected'),
        (cause) => this.world.unexpected('collect', cause),
      );
    });
  }

  /** Runs background work on some node, which may fail where something is in the way. */
  #onAccount(
    running: Running | undefined,
    address: string,
    what: string,
    work: (account: Account, running: Running) => Promise<void>,
  ): Promise<void> {
    const record = this.world.directory.get(address);
    if (running === undefined || record === undefined) return Promise.resolve();
    return this.world.as(running.node, () => {
      const done = running.engine.with(record.id, async (account) => {
        await ready(account);
        await work(account, running);
        return { ok: true, value: undefined } as const;
      });
      done.then(
        (outcome) => {
          if (outcome.ok) this.world.faults.count(what);
          else this.world.trace(`${what} of ${running.node.name}: ${inWords(outcome.error)}`);
          if (!outcome.ok && 'cause' in outcome.error) this.world.unexpected(what, outcome.error.cause);
        },
        (cause) => this.world.unexpected(what, cause),
      );
    });
  }

  /** Everything heals; then all must agree. */
  async #finish(): Promise<void> {
    const { world, people } = this;
    world.trace('-- everything heals');
    world.faults.rates = noFaults;
    let calm = world.scheduler.now;
    for (const { node } of world.nodes.values()) {
      calm = Math.max(calm, node.frozenUntil);
      node.clockError = 0;
      node.outageUntil = 0;
    }
    // Those who run an older release than what is written can do nothing: they are brought up to date.
    for (const name of [...this.#nodes, 'fresh', 'restored']) world.releases.set(name, 'later');
    for (const name of [...world.nodes.keys()]) {
      world.crash(name);
      world.startNode(name);
    }
    await world.pass(calm - world.scheduler.now + hour);
    const open = () =>
      people.events.filter(({ state, account }) => state === 'open' && !world.truthOf(account).removed);
    await world.as(world.people, () => {
      for (const event of open()) people.start(people.deliver(event));
    });
    await world.pass(hour);
    for (const event of open()) throw new Violation(`${event.id} cannot be delivered though all is well`);
    people.judgeDeliveries();
    world.proposals.checkAll();
    await this.#compareNodes();
    await this.#compareClients();
    await this.#judgeRemoved();
    await this.#restoreTable(new Random(this.#options.seed, 'finale'));
  }

  /** Nothing is left of accounts that are no more. */
  async #judgeRemoved(): Promise<void> {
    const { world } = this;
    const [running] = world.nodes.values();
    for (const account of world.removed) {
      await this.#collect(running!, account);
      await world.pass(10 * minute);
      if (!world.store.isEmpty(account))
        throw new Violation(`something is left of the removed account ${account}`);
    }
  }

  /**
   * The table as it was up to 25 days ago, with the bucket of now: every account is what it was then. Of its messages, those that were
   * given up since may be gone.
   */
  async #restoreTable(random: Random): Promise<void> {
    const { world } = this;
    const { restore } = world.store;
    if (restore === undefined || !random.chance(0.3)) return;
    const asOf = world.scheduler.now - random.spread(minute, 25 * day);
    world.trace(`-- the table is restored to ${new Date(asOf).toISOString()}`);
    for (const name of [...world.nodes.keys()]) world.crash(name);
    for (const address of this.#addresses) {
      const id = world.directory.get(address)!.id;
      restore(id, asOf);
      // Later entries are no more; what is read now is compared below, and nothing is written.
      world.faults.count('table restored');
      const running = world.startNode('restored');
      let compared = false;
      const compare = async () => {
        const opened = await running.engine.open(id);
        if (!opened.ok)
          throw new Violation(`the account ${id} cannot be opened after its table was restored`);
        await world.judgeState(opened.value.account);
        compared = true;
      };
      await world.as(running.node, () => {
        compare().catch((cause) => world.unexpected('restored table', cause));
      });
      await world.pass(minute);
      if (!compared) throw new Violation(`no end comes of opening ${id} after its table was restored`);
    }
  }

  /** Each node, and one that starts from nothing, holds what the log says. */
  async #compareNodes(): Promise<void> {
    const { world } = this;
    world.startNode('fresh');
    const waiting = new Set<string>();
    for (const running of world.nodes.values())
      for (const address of this.#addresses) {
        const pair = `${running.node.name} for ${address}`;
        waiting.add(pair);
        await this.#onAccount(running, address, 'compare', async (account) => {
          await account.catchUp();
          await world.judgeState(account);
          const { position } = account.state;
          if (position !== world.truthOf(account.id).length)
            throw new Violation(`a node stays at ${position}`);
          await this.#readAll(account);
          waiting.delete(pair);
        });
      }
    await world.pass(10 * minute);
    if (waiting.size > 0) throw new Violation(`no end comes of ${[...waiting].join(', ')}`);
  }

  /** Every message can be read, and is what was put. */
  async #readAll(account: Account): Promise<void> {
    const truth = this.world.truthOf(account.id);
    const numbers = [...truth.messageNumbers()];
    const ids = await account.emailIds(numbers);
    const records = await account.records(numbers);
    numbers.forEach((no, i) => {
      const email = truth.emails.get(no);
      if (ids[i] !== email) throw new Violation(`message ${no} is ${ids[i]}, not ${email}`);
      const size = this.world.bytesOf(account.id, email!)?.length;
      if (records[i]!.size !== size) throw new Violation(`the record of message ${no} is another's`);
    });
  }

  async #compareClients(): Promise<void> {
    const { world, people } = this;
    let settled = 0;
    await world.as(world.people, () => {
      for (const { client } of people.clients)
        people.start(
          client.settle().then((done) => {
            if (done) settled++;
          }),
        );
    });
    await world.pass(30 * minute);
    if (settled !== people.clients.length)
      throw new Violation(`${people.clients.length - settled} clients cannot catch up`);
  }
}

function gap(random: Random): number {
  switch (random.weighted({ short: 66, medium: 22, long: 8, days: 4 })) {
    case 'short':
      return random.spread(1, 3 * second);
    case 'medium':
      return random.spread(3 * second, 20 * minute);
    case 'long':
      return random.spread(20 * minute, day);
    case 'days':
      return random.spread(day, 20 * day);
  }
}
