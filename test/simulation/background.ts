import type { Account } from '../../shared/engine/account.ts';
import { collectRemovedAccount } from '../../shared/engine/collector.ts';
import type { AccountId } from '../../shared/ids.ts';
import { inWords } from './compare.ts';
import type { Running, World } from './world.ts';

/** What a removed account had goes. */
export function collectRemoved(world: World, { node, ports }: Running, account: AccountId): Promise<void> {
  world.truthOf(account).dropped = true;
  return world.as(node, () => {
    collectRemovedAccount(account, ports).then(
      ({ done }) => done && world.faults.count('removed account collected'),
      (cause) => world.unexpected('collect', cause),
    );
  });
}

/** Runs background work on some node, which may fail where something is in the way. */
export function onAccount(
  world: World,
  running: Running | undefined,
  address: string,
  what: string,
  work: (account: Account, running: Running) => Promise<void>,
): Promise<void> {
  const record = world.accounts.directory.get(address);
  if (running === undefined || record === undefined) return Promise.resolve();
  return world.as(running.node, () => {
    const done = running.engine.with(record.id, async (account) => {
      await work(account, running);
      return { ok: true, value: undefined } as const;
    });
    done.then(
      (outcome) => {
        if (outcome.ok) world.faults.count(what);
        else world.trace(`${what} of ${running.node.name}: ${inWords(outcome.error)}`);
        if (!outcome.ok && 'cause' in outcome.error) world.unexpected(what, outcome.error.cause);
      },
      (cause) => world.unexpected(what, cause),
    );
  });
}
