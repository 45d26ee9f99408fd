import { floorAfter } from '../../shared/directory/uid-validity-floor.ts';
import { initialiseAccount } from '../../shared/engine/mailbox-actions.ts';
import { type AccountId, newAccountId } from '../../shared/ids.ts';
import type { AccountRecord, Address } from '../../shared/ports/directory.ts';
import { ok } from '../../shared/result.ts';
import type { Random } from './random.ts';
import type { Running, World } from './world.ts';

/** Where no node can do it, as with all clocks off, little else happens: seldom tried, it takes the less of a campaign's time, ms. */
const longestPause = 3 * 3600_000;

/** Who has which address, as a directory keeps it, and how accounts come and go: by a node, which may fail at each step. */
export class Accounts {
  readonly directory = new Map<string, AccountRecord>();
  /** Accounts that are no more. */
  readonly removed: AccountId[] = [];
  /** Kept with an address beyond its accounts. */
  readonly #floors = new Map<string, number>();
  readonly #lastOf = new Map<string, AccountId>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Removed, and made again soon or later. */
  async remake(address: string, random: Random): Promise<void> {
    const world = this.#world;
    const record = this.directory.get(address);
    const running = random.pick([...world.nodes.values()]);
    // A node that stood still for hours may have removed it after all.
    if (record === undefined) return this.make(address, random);
    if (running === undefined) return;
    if (!(await this.#tried(running, () => this.#remove(running, record)))) return;
    world.faults.count('account made again');
    await world.pause(random.spread(100, 3_600_000));
    await this.make(address, random);
  }

  /** Tried until it is there. */
  async make(address: string, random: Random): Promise<void> {
    const world = this.#world;
    for (let attempt = 0; !this.directory.has(address); attempt++) {
      const running = random.pick([...world.nodes.values()]);
      if (running !== undefined) await this.#tried(running, () => this.#add(running, address, random));
      if (!this.directory.has(address))
        await world.pause(Math.min(longestPause, random.spread(100, 20_000) * 1.5 ** attempt));
    }
  }

  /** False where it failed, or is forgotten with the node that was at it. */
  #tried({ node }: Running, work: () => Promise<boolean>): Promise<boolean> {
    const world = this.#world;
    const failed = (cause: unknown) => {
      world.unexpected('administration', cause);
      return false;
    };
    const done = world.scheduler.by(node, () => work().catch(failed));
    return Promise.race([done, world.pause(120_000).then(() => false)]);
  }

  async #remove({ node, engine }: Running, record: AccountRecord): Promise<boolean> {
    const world = this.#world;
    const { address, id } = record;
    const before = this.#floors.get(address);
    const last = await engine.with(id, async ({ state }) => ok(state.lastUidValidity));
    const floor = floorAfter(last.ok ? last.value : (before ?? 0), node.now());
    return world.network.request(node, `remove ${address}`, () => {
      if (this.directory.get(address)?.id !== id) return false;
      world.trace(`${address} is removed`);
      this.directory.delete(address);
      this.#floors.set(address, Math.max(floor, this.#floors.get(address) ?? 0));
      world.truthOf(id).removed = true;
      this.removed.push(id);
      return true;
    });
  }

  /** What the directory keeps for an address: UIDVALIDITYs of whoever has it next are above. */
  floorOf(address: string): number {
    return this.#floors.get(address) ?? 0;
  }

  /** Its log first: nobody can find an account that has none. */
  async #add({ node, engine }: Running, address: string, random: Random): Promise<boolean> {
    const world = this.#world;
    const kept = await world.network.request(node, `floor of ${address}`, () => this.floorOf(address));
    const floor = world.plant?.floor?.(kept) ?? kept;
    const id = newAccountId({ now: () => node.now(), bytes: (count) => random.bytes(count) });
    const made = await engine.with(
      id,
      (account) => account.commit(initialiseAccount(undefined, floor)),
      'perhapsEmpty',
    );
    if (!made.ok) return false;
    const record: AccountRecord = {
      id,
      address: address as Address,
      tenant: 'default',
      displayName: address,
      status: 'active',
      protocols: ['imap', 'pop3', 'submission'],
      pop3Deletion: random.pick(['expunge', 'trash', 'hide'] as const),
      passwordHash: undefined,
      credentialVersion: 1,
      appPasswords: [],
      createdAt: node.now(),
    };
    return world.network.request(node, `add ${address}`, () => {
      if (this.directory.has(address) || (this.#floors.get(address) ?? 0) > kept) return false;
      this.directory.set(address, record);
      const before = this.#lastOf.get(address);
      if (before !== undefined) world.truthOf(id).numbers.follow(world.truthOf(before).numbers);
      this.#lastOf.set(address, id);
      world.trace(`${address} is ${id}`);
      return true;
    });
  }
}
