import { rebuildAccount } from '../../services/maintenance/rebuild/rebuild-account.ts';
import type { Account } from '../../shared/engine/account.ts';
import { createMailbox } from '../../shared/engine/mailbox-actions.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import { type AccountId, messageKey } from '../../shared/ids.ts';
import { inWords } from './compare.ts';
import type { Random } from './random.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

const minute = 60_000;

/**
 * The last that befalls an account: it is made anew, undamaged or without its newest manifest, now and then by a process that dies at it first,
 * while another process writes. Its log is judged no more: what must hold is said here.
 */
export async function judgeRebuild(world: World, address: string, random: Random): Promise<void> {
  const { id } = world.accounts.directory.get(address)!;
  const task = {
    mailbox: 'Recovered',
    mode: 'do',
    leases: 'ignored',
    // Of an account made again at its address, nothing else says it once the log is gone.
    uidValidityFloor: world.accounts.floorOf(address),
  } as const;
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
  const { node, engine } = world.startNode('rebuilder');
  const rebuilt = async (): Promise<'done' | 'busy'> => {
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
  };
  let fate = await rebuilt();
  const acknowledged = writer?.stop() ?? [];
  await world.pass(5 * minute);
  if (fate === 'busy') {
    world.faults.count('rebuild that others kept from it');
    fate = await rebuilt();
    if (fate === 'busy') throw new Violation(`the account ${id} is not rebuilt though nobody writes`);
  } else if (acknowledged.length > 0) world.faults.count('rebuild while others wrote');
  const { account, state } = await waited(world, 'afterwards', async () => {
    const opened = await world.nodes.get('afterwards')!.engine.open(id);
    if (!opened.ok) throw new Violation(`the account ${id} cannot be opened after a rebuild`);
    return { account: opened.value.account, state: await opened.value.account.whole() };
  });
  judgeEpoch(before, state);
  await judgeMessages(world, account, state, emails);
  if (!damaged) judgeMailboxes(before, state);
  const lost = acknowledged.filter((name) => state.mailboxes.named(name) === undefined);
  if (lost.length > 0) throw new Violation(`changes were lost by a rebuild: ${lost}`);
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

/** No number of the epochs before means anything in this one. */
function judgeEpoch(before: AccountState, state: AccountState): void {
  for (const { name, uidValidity } of state.mailboxes)
    if (uidValidity <= before.lastUidValidity)
      throw new Violation(
        `${name} has the UIDVALIDITY ${uidValidity}, which is not above those before the rebuild`,
      );
  if (state.modSeqBase + state.position <= before.modSeqBase + before.position)
    throw new Violation('mod-sequences went back with a rebuild');
}

/**
 * What the store still holds is in some mailbox: the message itself, or, where nothing tells which of several attempts at a delivery the
 * log named, another with the same octets.
 */
async function judgeMessages(
  world: World,
  account: Account,
  state: AccountState,
  emails: readonly string[],
): Promise<void> {
  const numbers = new Set<number>();
  for (const { chunks } of state.mailboxes) for (const { message } of rowsOf(chunks)) numbers.add(message);
  const found = new Set<string>(await waited(world, 'afterwards', () => account.emailIds([...numbers])));
  const octets = (email: string) => {
    const object = world.store.object(messageKey(account.id, email as never));
    return object && Buffer.from(object).toString('latin1');
  };
  const contents = new Set([...found].map(octets));
  for (const email of emails)
    if (!found.has(email) && !contents.has(octets(email)) && octets(email) !== undefined)
      throw new Violation(`the rebuild lost the message ${email}, which the store has`);
}

/** Where nothing was damaged, every mailbox is what it was. */
function judgeMailboxes(before: AccountState, state: AccountState): void {
  const inWords = ({ chunks }: { readonly chunks: Parameters<typeof rowsOf>[0] }, { flags }: AccountState) =>
    [...rowsOf(chunks)].map((row) => `${row.uid} ${flags.set(row.flags).flags.toSorted()}`).join();
  for (const mailbox of before.mailboxes) {
    const now = state.mailboxes.named(mailbox.name);
    if (now === undefined || inWords(now, state) !== inWords(mailbox, before))
      throw new Violation(`the mailbox ${mailbox.name} is another after a rebuild that found no damage`);
  }
}

/** Waits, in the world's time, for what a node does. */
async function waited<T>(world: World, name: string, work: () => Promise<T>): Promise<T> {
  const { node } = world.nodes.get(name) ?? world.startNode(name);
  let done: { readonly value: T } | undefined;
  await world.as(node, () => {
    work().then(
      (value) => {
        done = { value };
      },
      (cause) => world.unexpected(name, cause),
    );
  });
  for (let n = 0; n < 60 && done === undefined; n++) await world.pass(1_000);
  if (done === undefined) throw new Violation(`no end comes of what ${name} does`);
  return done.value;
}
