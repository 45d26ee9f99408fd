import { sweepOrphans } from '../../shared/engine/collector.ts';
import { createMailbox, setLimit } from '../../shared/engine/mailbox-actions.ts';
import { restoreMessages } from '../../shared/engine/restore.ts';
import { purgeExpunged } from '../../shared/engine/retention.ts';
import { collectRemoved, onAccount } from './background.ts';
import { heal } from './finale.ts';
import { People } from './people.ts';
import { Random } from './random.ts';
import type { Release } from './release.ts';
import { World, type WorldOptions } from './world.ts';

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
  readonly nodes: readonly string[];
  readonly addresses: readonly string[];

  constructor(options: ScenarioOptions) {
    this.#options = options;
    this.world = new World(options);
    this.people = new People(this.world);
    const random = new Random(options.seed, 'cast');
    this.nodes = ['n1', 'n2', 'n3'].slice(0, random.int(1, 3));
    this.addresses = ['ann', 'ben'].slice(0, random.int(1, 2));
  }

  async run(): Promise<void> {
    const { world } = this;
    const cast = new Random(this.#options.seed, 'cast 2');
    for (const name of this.nodes) world.startNode(name);
    for (const address of this.addresses) {
      this.people.start(world.accounts.make(address, cast));
      for (let n = cast.int(1, 3); n > 0; n--)
        this.people.addClient(address, new Random(this.#options.seed, `client ${address} ${n}`));
    }
    for (let i = 0; i < this.#options.actions; i++) {
      const random = new Random(this.#options.seed, `action ${i}`);
      if (this.#options.withoutActions?.has(i)) continue;
      await world.pass(gap(random));
      await this.#act(i, random);
    }
    await heal(this);
  }

  async #act(i: number, random: Random): Promise<void> {
    const { world, people } = this;
    const kind: Kind = random.weighted(kinds);
    const address = random.pick(this.addresses);
    const name = random.pick(this.nodes);
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
        return onAccount(world, running, address, 'compact', (account) => account.compact());
      case 'purge':
        return onAccount(world, running, address, 'purge', async (account, { engine }) => {
          const cutoff = Math.floor((running!.node.now() - retention) / 1000);
          const planted = world.plant?.purge?.(account, engine.parts, cutoff);
          const purged = await (planted ?? purgeExpunged(account, engine.parts, cutoff));
          if (!purged.ok && 'cause' in purged.error) world.unexpected('purge', purged.error.cause);
          if (purged.ok && purged.value.messages > 0) world.faults.count('messages purged');
        });
      case 'sweep':
        return onAccount(world, running, address, 'sweep', async (account, { engine, soil }) => {
          const planted = world.plant?.sweep?.(account, engine.parts, soil);
          const swept = await (planted ?? sweepOrphans(account, engine.parts));
          if (swept.objects > 0) world.faults.count('orphans swept');
        });
      case 'restore':
        return onAccount(world, running, address, 'restore', async (account) => {
          const since = Math.floor((world.scheduler.now - random.spread(hour, retention)) / 1000);
          const restored = await account.commit(restoreMessages({ since, quota: 'ignored' }));
          if (restored.ok && restored.value.length > 0) world.faults.count('messages restored');
        });
      case 'limit':
        return onAccount(world, running, address, 'limit', async (account) => {
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
        running.node.clockError = random.chance(0.4)
          ? world.clocks.offsetOf(name)
          : random.spread(10, 2 * day) * random.pick([-1, 1]);
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
        if (running !== undefined) people.start(world.accounts.remake(address, random));
        return;
      case 'collect':
        if (running !== undefined && world.accounts.removed.length > 0)
          await collectRemoved(world, running, random.pick(world.accounts.removed));
        return;
      case 'outage':
        if (running === undefined || world.embedded) return;
        world.faults.count('outage');
        running.node.outageUntil = world.scheduler.now + random.spread(second, hour);
    }
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
