import type { Account } from '../../shared/engine/account.ts';
import { rowsOf } from '../../shared/engine/rows.ts';
import type { AccountState } from '../../shared/engine/state.ts';
import { type AccountId, messageKey } from '../../shared/ids.ts';
import { Violation } from './violation.ts';
import type { Running, World } from './world.ts';

/** An account as a process finds it that knew nothing of it before it was rebuilt. */
export function openRebuilt(
  world: World,
  id: AccountId,
): Promise<{ readonly account: Account; readonly state: AccountState }> {
  return waited(world, 'afterwards', async ({ engine }) => {
    const opened = await engine.open(id);
    if (!opened.ok) throw new Violation(`the account ${id} cannot be opened after a rebuild`);
    return { account: opened.value.account, state: await opened.value.account.whole() };
  });
}

/** No number of the epochs before means anything in this one. */
export function judgeEpoch(before: AccountState, state: AccountState): void {
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
export async function judgeMessages(
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
export function judgeMailboxes(before: AccountState, state: AccountState): void {
  const inWords = ({ chunks }: { readonly chunks: Parameters<typeof rowsOf>[0] }, { flags }: AccountState) =>
    [...rowsOf(chunks)].map((row) => `${row.uid} ${flags.set(row.flags).flags.toSorted()}`).join();
  for (const mailbox of before.mailboxes) {
    const now = state.mailboxes.named(mailbox.name);
    if (now === undefined || inWords(now, state) !== inWords(mailbox, before))
      throw new Violation(`the mailbox ${mailbox.name} is another after a rebuild that found no damage`);
  }
}

/** Waits, in the world's time, for what a node does. */
export async function waited<T>(
  world: World,
  name: string,
  work: (running: Running) => Promise<T>,
): Promise<T> {
  const running = world.nodes.get(name) ?? world.startNode(name);
  let done: { readonly value: T } | undefined;
  await world.as(running.node, () => {
    work(running).then(
      (value) => {
        done = { value };
      },
      (cause) => world.unexpected(name, cause),
    );
  });
  for (let n = 0; n < 600 && done === undefined; n++) await world.pass(1_000);
  if (done === undefined) throw new Violation(`no end comes of what ${name} does`);
  return done.value;
}
