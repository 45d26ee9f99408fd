import { type RebuildTask, rebuildAccount } from '../../services/maintenance/rebuild/rebuild-account.ts';
import { createMailbox } from '../../shared/engine/mailbox-actions.ts';
import type { AccountId } from '../../shared/ids.ts';
import { inWords } from './compare.ts';
import type { Random } from './random.ts';
import { judgeEpoch, judgeMailboxes, judgeMessages, openRebuilt } from './rebuild-judges.ts';
import { Violation } from './violation.ts';
import type { Running, World } from './world.ts';

const minute = 60_000;

/**
 * The last that befalls an account: it is made anew, undamaged or without its newest manifest, now and then by a process that dies at it first,
 * while another process writes. Its log is judged no more: what must hold is said here.
 */
export async function judgeRebuild(world: World, address: string, random: Random): Promise<void> {
  const { id } = world.accounts.directory.get(address)!;
  const task = rebuildOf(world, address);
  const truth = world.truthOf(id);
  const before = truth.newest;
  const emails = [...truth.messageNumbers()].map((no) => truth.emails.get(no)!);
  truth.removed = truth.dropped = true;
  world.faults.count('rebuild');
  for (const name of ['vandal', 'rebuilder', 'afterwards']) world.releases.set(name, 'later');
  const manifest = world.store.head(id)?.manifest;
  const damaged = manifest !== undefined && random.chance(0.5);
  if (damaged) {
    world.faults.count('rebuild without the newest manifest');
    const { node, ports } = world.startNode('vandal');
    await world.as(node, () => void ports.blobs.delete([manifest]));
    await world.pass(minute);
  }
  if (random.chance(0.3)) {
    world.faults.count('rebuild that died');
    const { node, engine } = world.startNode('rebuilder');
    await world.as(node, () => void rebuildAccount(id, engine.parts, task).catch(() => undefined));
    await world.pass(random.spread(1, 5_000));
    world.crash('rebuilder');
  }
  const writer = damaged ? undefined : startWriter(world, id, random);
  const running = world.startNode('rebuilder');
  const rebuilt = () => rebuild(world, running, id, task);
  let fate = await rebuilt();
  const acknowledged = writer?.stop() ?? [];
  await world.pass(5 * minute);
  if (fate === 'busy') {
    world.faults.count('rebuild that others kept from it');
    fate = await rebuilt();
    if (fate === 'busy') throw new Violation(`the account ${id} is not rebuilt though nobody writes`);
  } else if (acknowledged.length > 0) world.faults.count('rebuild while others wrote');
  const { account, state } = await openRebuilt(world, id);
  judgeEpoch(before, state);
  await judgeMessages(world, account, state, emails);
  if (!damaged) judgeMailboxes(before, state);
  const lost = acknowledged.filter((name) => state.mailboxes.named(name) === undefined);
  if (lost.length > 0) throw new Violation(`changes were lost by a rebuild: ${lost}`);
}

/** What a rebuild of this account is asked for. */
export const rebuildOf = (world: World, address: string): RebuildTask => ({
  mailbox: 'Recovered',
  mode: 'do',
  leases: 'ignored',
  // Of an account made again at its address, nothing else says it once the log is gone.
  uidValidityFloor: world.accounts.floorOf(address),
});

/** Rebuilds an account by a process of its own; 'busy' where others kept it from that. */
export async function rebuild(
  world: World,
  { node, engine }: Running,
  id: AccountId,
  task: RebuildTask,
): Promise<'done' | 'busy'> {
  let fate: 'done' | 'busy' | undefined;
  await world.as(node, () => {
    rebuildAccount(id, engine.parts, task)
      .then((done) => {
        if (!done.ok && done.error.kind !== 'busy')
          throw new Violation(`the account ${id} cannot be rebuilt: ${inWords(done.error)}`);
        fate = done.ok ? 'done' : 'busy';
      })
      .catch((cause) => world.unexpected('rebuild', cause));
  });
  for (let n = 0; n < 60 && fate === undefined; n++) await world.pass(minute / 6);
  if (fate === undefined) throw new Violation(`no end comes of rebuilding ${id}`);
  return fate;
}

/** Somebody who goes on making mailboxes elsewhere, hurriedly or at leisure; `stop` tells the names of those that were acknowledged. */
function startWriter(world: World, id: AccountId, random: Random): { stop(): string[] } {
  const [running] = world.nodes.values();
  const acknowledged: string[] = [];
  const longest = random.pick([300, 20_000]);
  const most = random.pick([10, 40, 400]);
  let going = true;
  const write = async () => {
    for (let n = 0; going && n < most; n++) {
      const name = `During ${n}`;
      const made = await running!.engine.with(id, (account) => account.commit(createMailbox(name)));
      if (made.ok) acknowledged.push(name);
      await world.scheduler.sleep(random.spread(1, longest), running!.node);
    }
  };
  void world.scheduler.by(running!.node, () => write().catch((cause) => world.unexpected('writer', cause)));
  return {
    stop() {
      going = false;
      return [...acknowledged];
    },
  };
}
