import { verifyAccount } from '../../services/maintenance/verify/verify-account.ts';
import { referencedMessages } from '../../shared/engine/apply-departures.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import type { AccountId } from '../../shared/ids.ts';
import { digestOf } from './digest.ts';
import type { Random } from './random.ts';
import { rebuild, rebuildOf } from './rebuild-check.ts';
import { judgeEpoch, judgeMailboxes, judgeMessages, openRebuilt, waited } from './rebuild-judges.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

/** How far back a table goes: nearly as far as recovery, for clocks are minutes apart. */
const longest = 34 * day;

/**
 * The table as it was, now and then with what the bucket lost since (docs/operate.md): every account can be read whole, and is what it was
 * then. Of its messages, those that were given up since may be gone. Then each is rebuilt, so that no client takes what it knows of the time
 * that is lost for what there is now, and has all the mail that is in the bucket.
 */
export async function judgeRestoredTable(
  world: World,
  addresses: readonly string[],
  random: Random,
): Promise<void> {
  const { recovery } = world.store;
  if (recovery === undefined || !random.chance(0.3)) return;
  const undeleted = random.chance(0.3);
  const asOf = Math.max(world.scheduler.now - longest, momentOf(world, random.pick(addresses), random));
  world.trace(`-- the table is restored to ${new Date(asOf).toISOString()}`);
  for (const name of [...world.nodes.keys()]) world.crash(name);
  for (const name of ['restored', 'rebuilder', 'afterwards']) world.releases.set(name, 'later');
  const idOf = (address: string) => world.accounts.directory.get(address)!.id;
  for (const id of addresses.map(idOf)) {
    // Later entries are no more: the log is judged no further.
    world.truthOf(id).dropped = true;
    recovery.restoreLog(id, asOf);
    world.faults.count('table restored');
  }
  if (undeleted) {
    world.faults.count('objects undeleted');
    recovery.undelete(asOf);
  }
  for (const address of addresses) {
    await new RestoredAccount(world, address, idOf(address), undeleted).judge();
    for (const name of [...world.nodes.keys()]) world.crash(name);
  }
}

/** Some moment of an account's life: as much happens between two entries that follow at once as between two that are days apart. */
function momentOf(world: World, address: string, random: Random): number {
  const truth = world.truthOf(world.accounts.directory.get(address)!.id);
  const { now } = world.scheduler;
  const after = random.int(1, truth.length);
  const from = Math.min(now, truth.stateAt(after).time);
  const to = after === truth.length ? now : truth.stateAt(after + 1).time;
  return from + random.unit() * Math.max(0, Math.min(now, to) - from);
}

class RestoredAccount {
  readonly #world: World;
  readonly #address: string;
  readonly #id: AccountId;
  /** Email ids of messages that may be gone. */
  readonly #mayBeGone: (email: string) => boolean;

  constructor(world: World, address: string, id: AccountId, undeleted: boolean) {
    this.#world = world;
    this.#address = address;
    this.#id = id;
    const needed = new Set(world.truthOf(id).model.neededEmails());
    this.#mayBeGone = (email) => !undeleted && !needed.has(email);
  }

  async judge(): Promise<void> {
    const world = this.#world;
    const id = this.#id;
    const truth = world.truthOf(id);
    const lost = truth.newest;
    const before = await this.#read();
    truth.removed = true;
    // Before its first entry nobody had this account.
    if (before.position === 0) return;
    await this.#verify('restored', 'deep');
    world.crash('restored');
    const running = world.startNode('rebuilder');
    if ((await rebuild(world, running, id, rebuildOf(world, this.#address))) === 'busy')
      throw new Violation(`the account ${id} is not rebuilt though nobody writes`);
    world.faults.count('rebuild after its table was restored');
    const { account, state } = await openRebuilt(world, id);
    judgeEpoch(lost, state);
    judgeMailboxes(before, state);
    const numbers = truth.messageNumbers();
    // What was expunged then, and brought back in the time that is lost, is expunged again, and can be brought back again.
    for (const no of referencedMessages(before)) numbers.delete(no);
    for (const { chunks } of before.mailboxes) for (const { message } of rowsOf(chunks)) numbers.add(message);
    const emails = [...numbers].map((no) => truth.emails.get(no)!);
    await judgeMessages(world, account, state, emails);
    await this.#verify('afterwards', 'shallow');
  }

  /** All of it, by a process that has only what the services have. */
  #read(): Promise<AccountState> {
    const id = this.#id;
    const truth = this.#world.truthOf(id);
    return waited(this.#world, 'restored', async ({ engine }) => {
      const opened = await engine.open(id, 'staying', 'perhapsEmpty');
      if (!opened.ok) throw new Violation(`the account ${id} cannot be opened after its table was restored`);
      const { account } = opened.value;
      const state = await account.whole();
      if (digestOf(state) !== digestOf(truth.stateAt(state.position)))
        throw new Violation(`the account ${id} is another at ${state.position} after its table was restored`);
      const numbers = [...new Set(referencedMessages(state))];
      const ids = await account.emailIds(numbers);
      numbers.forEach((no, i) => {
        if (ids[i] !== truth.emails.get(no))
          throw new Violation(
            `message ${no} is ${ids[i]} after its table was restored, not ${truth.emails.get(no)}`,
          );
      });
      return state;
    });
  }

  /** What looks for damage finds nothing but messages that were given up since. */
  #verify(name: string, depth: 'shallow' | 'deep'): Promise<void> {
    return waited(this.#world, name, async ({ engine }) => {
      const { findings } = await verifyAccount(engine, this.#id, depth);
      for (const { checked, what } of findings) {
        const gone = /^message (\w+) is not there$/.exec(what)?.[1];
        if (gone === undefined || !this.#mayBeGone(gone))
          throw new Violation(`verify says of ${this.#id} after its table was restored: ${checked}: ${what}`);
      }
    });
  }
}
