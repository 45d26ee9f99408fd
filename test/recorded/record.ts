import { rebuildAccount } from '../../services/maintenance/rebuild/rebuild-account.ts';
import { inlineLimit } from '../../shared/engine/entry.ts';
import { type BlobKey, kindOfKey, newAccountId } from '../../shared/ids.ts';
import type { AccountLog } from '../../shared/ports/account-log.ts';
import { memoryEngine, memoryStore } from '../support/memory-engine.ts';
import { Actor } from './actor.ts';
import { digestsOf, keptOf, scatteredBytes } from './digests.ts';
import { begin, goOn, goOnRebuilt, grow, tidy } from './life.ts';
import type { Epoch, Recording } from './recording.ts';
import { RecordedTime } from './time.ts';

/** Lives the account of a recording (life.ts) and keeps what is written. */
export async function record(release: string): Promise<Recording> {
  const time = new RecordedTime(7);
  const store = memoryStore(() => time.now());
  let entries: Uint8Array[] = [];
  const log: AccountLog = {
    read: (account, after) => store.log.read(account, after),
    append: async (request) => {
      const outcome = await store.log.append(request);
      if (outcome.kind === 'done') entries.push(request.bytes);
      return outcome;
    },
    readEnd: (account) => store.log.readEnd(account),
    moveHead: (account, move) => store.log.moveHead(account, move),
    trim: (account, upTo) => store.log.trim(account, upTo),
    drop: (account) => store.log.drop(account),
  };
  // No lull comes: the log is folded where it is said below, and nowhere else.
  const sleep = (ms: number) => (ms === 0 ? Promise.resolve() : new Promise<void>(() => undefined));
  const anEngine = () =>
    memoryEngine(store, { log, entropy: time, sleep, inlineBytes: inlineLimit, scatteredBytes });
  const account = newAccountId(time);
  const epoch = async (actor: Actor): Promise<Epoch> => {
    const { head } = await log.read(account, actor.account.state.position);
    return { entries, head, told: await digestsOf(actor.account), kept: await keptOf(actor.account) };
  };

  const actor = await Actor.open(anEngine(), account, time);
  for (const part of [begin, grow, tidy]) {
    await part(actor);
    await actor.account.compact();
  }
  await goOn(actor, anEngine());
  const first = await epoch(actor);

  // Its entry was lost, and the rebuild finds it in the store.
  await actor.stage(9);
  entries = [];
  const rebuilding = { mailbox: 'Recovered', mode: 'do', leases: 'respected', uidValidityFloor: 0 } as const;
  const done = await rebuildAccount(account, anEngine().parts, rebuilding);
  if (!done.ok) throw new Error(done.error.kind);
  const later = await Actor.open(anEngine(), account, time);
  await goOnRebuilt(later);
  const rebuilt = await epoch(later);

  const objects = new Map<BlobKey, Uint8Array>();
  for (const [key, bytes] of store.blobs.objects) if (kindOfKey(key) !== 'm') objects.set(key, bytes);
  return { release, account, objects, first, rebuilt };
}
