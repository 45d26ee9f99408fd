import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Account } from '../../shared/engine/account.ts';
import {
  appendMessages,
  copyMessages,
  expungeMessages,
  hideFromPop3,
  storeFlags,
} from '../../shared/engine/actions.ts';
import type { Decide } from '../../shared/engine/decision.ts';
import {
  createMailbox,
  deleteMailbox,
  initialiseAccount,
  renameMailbox,
  setLimit,
  subscribe,
} from '../../shared/engine/mailbox-actions.ts';
import type { Operation } from '../../shared/engine/operation.ts';
import { restoreMessages } from '../../shared/engine/restore.ts';
import { inboxId } from '../../shared/engine/state.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { type Entropy, newAccountId } from '../../shared/ids.ts';
import type { AccountLog } from '../../shared/ports/account-log.ts';
import { ok } from '../../shared/result.ts';
import { memoryEngine, memoryStore } from '../support/memory-engine.ts';
import { generateMessages } from '../support/messages.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { digestsOf, printRecording } from './recording.ts';

/**
 * Records what this release writes: `npm run record-logs [-- NAME]`. Later releases must read it for ever, so a file that is there is never
 * replaced; a release that changes a format, or what entries mean, adds its own, and so does a change between two releases, under a name
 * such as 0.1.0-2.
 */

/** Time and chance of a recording: the same each time. */
class Recorder implements Entropy {
  readonly random: SeededRandom;
  #now = Date.UTC(2026, 10, 24, 8);

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  now(): number {
    this.#now += 17;
    return this.#now;
  }

  bytes(count: number): Uint8Array {
    return this.random.bytes(count);
  }

  pass(ms: number): void {
    this.#now += ms;
  }
}

const day = 24 * 3600_000;
const bodies = [...generateMessages(24, 2026)];

/** Any operations at all: also those that no command makes. */
const operate =
  (...operations: Operation[]): Decide<void> =>
  () =>
    ok({ operations, answer: () => undefined });

async function life(account: Account, time: Recorder): Promise<void> {
  const commit = async <T>(decide: Decide<T>) => {
    time.pass(time.random.integer(1_000, 600_000));
    await account.catchUp();
    const committed = await account.commit(decide);
    if (!committed.ok) throw new Error(committed.error.kind);
  };
  const deliver = async (mailbox: string, flags: readonly string[], ...which: number[]) => {
    const requests = [];
    for (const n of which) {
      const staged = await account.stage(bodies[n % bodies.length]!);
      if (!staged.ok) throw new Error(staged.error.kind);
      requests.push({
        message: staged.value,
        flags,
        internalDate: 1_700_000_000 + n,
        deliveryId: `event ${n}`,
      });
    }
    await commit(appendMessages(mailbox, requests));
  };
  const uids = (...ranges: [number, number][]) => UidSet.ofRanges(ranges);
  for (let n = 0; n < 12; n++) await deliver('INBOX', [], n);
  await deliver('INBOX', ['\\Seen', '$Forwarded', 'Straße'], 12, 13, 14);
  await deliver('INBOX', [], 3);
  await commit(createMailbox('Work/2026', '\\Important'));
  await commit(createMailbox('Été'));
  await commit(subscribe('Été', true));
  await commit(storeFlags(inboxId, uids([1, 6]), 'add', ['\\Seen', 'later']));
  await commit(storeFlags(inboxId, uids([2, 3], [5, 5]), 'replace', ['\\Flagged', 'Later']));
  await commit(copyMessages('copy', inboxId, uids([1, 4]), 'Work/2026'));
  await commit(copyMessages('move', inboxId, uids([7, 8]), 'Été'));
  await commit(expungeMessages(inboxId, uids([2, 2], [9, 10])));
  await commit(hideFromPop3(inboxId, uids([1, 1], [12, 12])));
  await commit(setLimit(50_000_000));
  await commit(
    operate(
      { kind: 'metadata', key: '/private/comment', value: 'é' },
      { kind: 'recent', mailbox: inboxId, uid: 9 },
    ),
  );
  await commit(renameMailbox('Work', 'Archive/Work'));
  await account.compact();
  time.pass(day);
  await deliver('Archive/Work', [], 15);
  await commit(storeFlags(inboxId, uids([1, 99]), 'remove', ['\\Seen']));
  await commit(deleteMailbox('Été'));
  await commit(expungeMessages(inboxId, uids([4, 4])));
  time.pass(15 * day);
  await account.catchUp();
  await commit(operate({ kind: 'purge', expungedBefore: Math.floor(time.now() / 1000) - 16 * 24 * 3600 }));
  await commit(restoreMessages({ since: 0, quota: 'ignored' }));
  await commit(renameMailbox('INBOX', 'Old'));
  await account.compact();
  time.pass(day);
  for (let n = 16; n < 24; n++)
    await deliver(n % 3 === 0 ? 'Sent' : 'INBOX', n % 2 === 0 ? ['\\Draft'] : [], n);
  await commit(copyMessages('move', inboxId, uids([1, 999]), 'Old'));
  await commit(operate({ kind: 'delete', mailbox: inboxId }, { kind: 'create', name: 'Old' }));
}

async function record(release: string): Promise<string> {
  const time = new Recorder(7);
  const store = memoryStore(() => time.now());
  const entries: string[] = [];
  const log: AccountLog = {
    read: (account, after) => store.log.read(account, after),
    append: async (request) => {
      const outcome = await store.log.append(request);
      if (outcome.kind === 'done') entries.push(Buffer.from(request.bytes).toString('base64'));
      return outcome;
    },
    readEnd: (id) => store.log.readEnd(id),
    moveHead: (account, head) => store.log.moveHead(account, head),
    trim: (account, upTo) => store.log.trim(account, upTo),
    drop: (account) => store.log.drop(account),
  };
  const parts = { log, entropy: time, sleep: async () => undefined, inlineBytes: 4096 };
  const id = newAccountId(time);
  const opened = await memoryEngine(store, parts).open(id, 'staying', 'perhapsEmpty');
  if (!opened.ok) throw new Error(opened.error.kind);
  const { account } = opened.value;
  await account.commit(initialiseAccount(undefined));
  await life(account, time);
  const { head } = await log.read(id, account.state.position);
  const objects: Record<string, string> = {};
  for (const [key, bytes] of store.blobs.objects)
    if (key.split('/')[2] !== 'm') objects[key] = Buffer.from(bytes).toString('base64');
  return printRecording({ release, account: id, entries, head, objects, ...(await digestsOf(account)) });
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const name = process.argv[2] ?? version;
const file = new URL(`${name}.jsonl`, import.meta.url);
if (existsSync(file)) {
  console.error(`${name}.jsonl is there: what was written is kept as it is`);
  process.exit(1);
}
writeFileSync(file, await record(name));
console.log(`${name}.jsonl is written`);
