import type { Account } from '../../../shared/engine/account.ts';
import { applyOperations } from '../../../shared/engine/apply.ts';
import { sweepOrphans } from '../../../shared/engine/collector.ts';
import type { CommitOptions } from '../../../shared/engine/commit.ts';
import type { Decide } from '../../../shared/engine/decision.ts';
import { unavailable } from '../../../shared/engine/mail-error.ts';
import { loadWhole } from '../../../shared/engine/mailbox-loader.ts';
import { collect } from '../../../shared/engine/message-index.ts';
import { purgeExpunged } from '../../../shared/engine/retention.ts';
import { lastUid } from '../../../shared/engine/rows.ts';
import { decodeManifest, encodeManifest } from '../../../shared/engine/snapshot.ts';
import { stageMessage } from '../../../shared/engine/stage.ts';
import { MailboxView } from '../../../shared/engine/view.ts';
import { err, ok } from '../../../shared/result.ts';
import { asker } from '../asker.ts';
import { Random } from '../random.ts';
import { isNewer } from '../release.ts';
import type { Plant } from './plant.ts';

/** Puts something between an account and whoever commits to it. */
function reDecide(account: Account, change: <T>(decide: Decide<T>) => Decide<T>): void {
  const commit = account.commit.bind(account);
  account.commit = <T>(decide: Decide<T>, options?: CommitOptions) => commit(change(decide), options);
}

export const decideAGroupOnOneState: Plant = {
  name: 'decide a group on one state',
  within: 200,
  finds: /^entry \d+: proposal \d+ was decided on another state/,
  account: (account) =>
    reDecide(
      account,
      (decide) => (state, now) =>
        // What the working state holds beyond the newest is the group's own.
        decide(state.position > account.state.position ? account.state : state, now),
    ),
};

export const answerFromTheOwnOperation: Plant = {
  name: 'answer from the own operation',
  within: 40,
  finds: /^proposal \d+ was answered .+, but did /,
  account: (account) =>
    reDecide(account, (decide) => (state, now) => {
      const decided = decide(state, now);
      if (!decided.ok) return decided;
      const { operations, answer } = decided.value;
      const alone = applyOperations(account.state, state, operations);
      return ok({ ...decided.value, answer: () => answer(alone) });
    }),
};

/** What could not be settled is refused, as if nothing had happened. */
export const refuseTheUnsettled: Plant = {
  name: 'an unsettled change is refused',
  within: 300,
  finds: /^[A-Z].* was answered (NO|-ERR) .*, and nobody knows what became of proposal \d+$/,
  answers: (account) => {
    const commit = account.commit.bind(account);
    account.commit = async <T>(decide: Decide<T>, options?: CommitOptions) => {
      // Deliveries are left alone: they delete what was refused.
      const atAConnection = asker.getStore() !== undefined;
      const answer = await commit(decide, options);
      if (answer.ok || answer.error.kind !== 'unsettled' || !atAConnection) return answer;
      return err(unavailable(answer.error.cause));
    };
  },
};

export const highestModSeqPastAGhost: Plant = {
  name: 'HIGHESTMODSEQ past a ghost',
  within: 1500,
  finds: /^a client's copy is not what was there .*: UIDs are /,
  install: () => {
    const right = Object.getOwnPropertyDescriptor(MailboxView.prototype, 'highestModSeq')!;
    Object.defineProperty(MailboxView.prototype, 'highestModSeq', {
      configurable: true,
      get(this: MailboxView) {
        return this.mailbox.highestModSeq;
      },
    });
    return () => Object.defineProperty(MailboxView.prototype, 'highestModSeq', right);
  },
};

/** The blobs go, and the entry that gives them up is forgotten. */
export const purgeWithoutAnEntry: Plant = {
  name: 'purge without an entry',
  within: 100,
  finds: /^the object \S+\/m\/\S+ was deleted, and is needed$/,
  purge: (account, parts, cutoff) => {
    const commit = async <T>(decide: Decide<T>) => {
      const state = await account.whole();
      const decided = decide(state, Math.floor(state.time / 1000));
      if (!decided.ok) return decided;
      return ok(decided.value.answer(applyOperations(state, state, decided.value.operations)));
    };
    const forgetful = {
      id: account.id,
      get state() {
        return account.state;
      },
      catchUp: () => account.catchUp(),
      whole: () => account.whole(),
      emailIds: (numbers: readonly number[]) => account.emailIds(numbers),
      commit,
    };
    return purgeExpunged(forgetful as unknown as Account, parts, cutoff);
  },
};

/** A sweep that takes what is young too, or age would hide in which order it reads; and that lasts long enough for others to do something. */
const sweepTheYoung =
  (seen: (account: Account) => Account): Plant['sweep'] =>
  async (account, parts, { sleep }) => {
    const sweeper = seen(account);
    await sleep(2 * 3600_000);
    const ahead = 30 * 24 * 3600_000 - 600_000;
    const entropy = { ...parts.entropy, now: () => parts.entropy.now() + ahead };
    return sweepOrphans(sweeper, { ...parts, entropy });
  };

/** The state is read, and only then what there is listed. */
export const sweepBeforeListing: Plant = {
  name: 'sweep before listing',
  within: 60,
  finds: /^the object \S+\/m\/\S+ was deleted, and is needed$/,
  sweep: sweepTheYoung((account) => {
    const { id, state, snapshot } = account;
    const catchUp = async () => undefined;
    const emailIds = (numbers: readonly number[]) => account.emailIds(numbers);
    return { id, state, snapshot, catchUp, emailIds } as unknown as Account;
  }),
  control: { sweep: sweepTheYoung((account) => account) },
};

/** The objects of a snapshot go as soon as nobody reads it, though the table may yet be restored to when it was the newest. */
export const replacedObjectsGoAtOnce: Plant = {
  name: 'what was replaced goes within a day',
  within: 1500,
  finds: /^(the account \w+ cannot be opened|verify says of \w+) after its table was restored/,
  replacedLifetime: 24 * 3600_000,
};

/** An account that is made again begins as if nobody had had its address. */
export const forgetTheFloor: Plant = {
  name: 'forget what an address had',
  within: 1000,
  finds: /^UIDVALIDITY \d+ is not above those of \w+, which had the address before$/,
  floor: () => 0,
};

/** The signature of a folded message lacks some of its texts. */
export const aSignatureMissesAText: Plant = {
  name: 'a signature misses a text',
  within: 100,
  finds: /^(BODY|TEXT) ".+" found what was not there .*: UID \d+ is missing$/,
  account: (account) => {
    const right = account.absentTexts.bind(account);
    account.absentTexts = async (numbers, needles) => {
      const folded = account.snapshot?.state.nextMessage ?? 0;
      return (await right(numbers, needles)).map((absent, i) =>
        numbers[i]! < folded && numbers[i]! % 3 === 0 ? absent | 1 : absent,
      );
    };
  },
};

/** An attempt to deliver uses the key of the one before it. */
export const theSameBlobKeyTwice: Plant = {
  name: 'the same blob key twice',
  within: 40,
  finds: /^the object \S+\/m\/\S+ was deleted, and is needed$/,
  stage: (parts, account, bytes, deliveryId) => {
    const random = new Random(7, deliveryId);
    const entropy = { now: () => 1_767_600_000_000, bytes: (count: number) => random.bytes(count) };
    return stageMessage({ ...parts, entropy }, account, bytes).then((staged) =>
      staged.ok ? ok({ ...staged.value, stagedAt: Math.floor(parts.entropy.now() / 1000) }) : staged,
    );
  },
};

/** Who loads a snapshot takes the highest UID that is still there for the highest there ever was. */
export const reuseAUid: Plant = {
  name: 'reuse a UID',
  within: 40,
  finds:
    /^(proposal \d+ was answered .+, but did |the snapshot at \d+ is not what the log says$|a client's copy is not what was there .*: UIDs are )/,
  blobs: (blobs) => ({
    put: (key, body) => blobs.put(key, body),
    delete: (keys) => blobs.delete(keys),
    list: (prefix, after) => blobs.list(prefix, after),
    get: async (key, range) => {
      const blob = await blobs.get(key, range);
      if (blob === undefined || key.split('/')[2] !== 'x') return blob;
      const bytes = await collect(blob.body);
      // Of a newer release, as this node's own code finds out.
      if (isNewer(bytes)) return { size: blob.size, body: bytes };
      const manifest = decodeManifest(bytes);
      const full = await loadWhole(blobs, manifest.state);
      let { mailboxes } = manifest.state;
      for (const { id, chunks } of full.mailboxes) {
        const last = chunks.at(-1);
        const uidNext = last === undefined ? 1 : lastUid(last) + 1;
        mailboxes = mailboxes.with(mailboxes.get(id)!.with({ uidNext }));
      }
      const body = await encodeManifest({ ...manifest, state: { ...manifest.state, mailboxes } });
      return { size: body.length, body };
    },
  }),
};
