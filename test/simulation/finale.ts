import { verifyAccount } from '../../services/maintenance/verify/verify-account.ts';
import type { Account } from '../../shared/engine/account.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import { collectRemoved, onAccount } from './background.ts';
import { inWords } from './compare.ts';
import { noFaults } from './faults.ts';
import type { People } from './people.ts';
import { Random } from './random.ts';
import { judgeRebuild } from './rebuild-check.ts';
import { judgeRestoredTable } from './restored-table.ts';
import type { Scenario } from './scenario.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

const minute = 60_000;
const hour = 60 * minute;

/** Everything heals; then all must agree. */
export const heal = ({ world, people, nodes, addresses }: Scenario): Promise<void> =>
  new Finale(world, people, nodes, addresses).run();

class Finale {
  readonly world: World;
  readonly people: People;
  readonly #nodes: readonly string[];
  readonly #addresses: readonly string[];

  constructor(world: World, people: People, nodes: readonly string[], addresses: readonly string[]) {
    this.world = world;
    this.people = people;
    this.#nodes = nodes;
    this.#addresses = addresses;
  }

  /** Everything heals; then all must agree. */
  async run(): Promise<void> {
    const { world, people } = this;
    world.trace('-- everything heals');
    world.faults.rates = noFaults;
    world.clocks.setRight();
    let calm = world.scheduler.now;
    for (const { node } of world.nodes.values()) {
      calm = Math.max(calm, node.frozenUntil);
      node.clockError = 0;
      node.outageUntil = 0;
    }
    // Those who run an older release than what is written can do nothing: they are brought up to date.
    for (const name of [...this.#nodes, 'fresh']) world.releases.set(name, 'later');
    for (const name of [...world.nodes.keys()]) {
      world.crash(name);
      world.startNode(name);
    }
    await world.pass(calm - world.scheduler.now + hour);
    // Whatever was under way has come to its end: who has no account now is given one.
    for (const address of this.#addresses)
      people.start(world.accounts.make(address, new Random(world.seed, `${address} at last`)));
    const open = () =>
      people.events.filter(({ state, account }) => state === 'open' && !world.truthOf(account).removed);
    await world.as(world.people, () => {
      for (const event of open()) people.start(people.deliver(event));
    });
    await world.pass(hour);
    for (const event of open()) throw new Violation(`${event.id} cannot be delivered though all is well`);
    for (const address of this.#addresses)
      if (!world.accounts.directory.has(address)) throw new Violation(`${address} cannot be made again`);
    people.judgeDeliveries();
    world.proposals.checkAll();
    await this.#compareNodes();
    await this.#verify();
    await this.#compareClients();
    await this.#judgeRemoved();
    const random = new Random(world.seed, 'rebuild');
    if (random.chance(0.3)) return judgeRebuild(world, random.pick(this.#addresses), random);
    await judgeRestoredTable(world, this.#addresses, new Random(world.seed, 'finale'));
  }

  /** Nothing is left of accounts that are no more. */
  async #judgeRemoved(): Promise<void> {
    const { world } = this;
    const [running] = world.nodes.values();
    for (const account of world.accounts.removed) {
      await collectRemoved(world, running!, account);
      await world.pass(10 * minute);
      if (!world.store.isEmpty(account))
        throw new Violation(`something is left of the removed account ${account}`);
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
        await onAccount(world, running, address, 'compare', async (account) => {
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
    // And once more by mailbox: some have copies together.
    const sizes = new Map(numbers.map((no, i) => [no, records[i]!.size]));
    for (const { id, name, chunks } of truth.newest.mailboxes) {
      const there = Array.from(rowsOf(chunks), ({ message }) => message);
      for (const [i, { size }] of (await account.records(there, id)).entries())
        if (size !== sizes.get(there[i]!))
          throw new Violation(`in ${name}, the record of message ${there[i]} is another's`);
    }
  }

  /** What looks for damage finds none. */
  async #verify(): Promise<void> {
    const { world } = this;
    const verdicts: string[] = [];
    for (const address of this.#addresses)
      await onAccount(world, world.nodes.get('fresh'), address, 'verify', async ({ id }, { engine }) => {
        const { differences, findings } = await verifyAccount(engine, id, 'shallow');
        verdicts.push(differences === 0 ? '' : `${id}: ${inWords(findings)}`);
      });
    await world.pass(10 * minute);
    if (verdicts.length < this.#addresses.length) throw new Violation('no end comes of verify');
    for (const verdict of verdicts) if (verdict !== '') throw new Violation(`verify says of ${verdict}`);
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
