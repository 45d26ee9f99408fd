import { copyMessages, expungeMessages, hideFromPop3, storeFlags } from '../../shared/engine/actions.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
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
import type { MailboxId } from '../../shared/ids.ts';
import { type Actor, uids } from './actor.ts';
import { day } from './time.ts';

/**
 * What happens to the account of a recording: all that this release can store. Between the parts its log is folded. What a release adds
 * has its place here; recorded.test.ts says so where it has none.
 */

const seconds = (actor: Actor): number => Math.floor(actor.time.now() / 1000);

/** The first weeks: every kind of change. */
export async function begin(actor: Actor): Promise<void> {
  // Somebody else had the address, with a UIDVALIDITY beyond the clock.
  await actor.commit(initialiseAccount(undefined, seconds(actor) + 86_400));
  for (let n = 0; n < 12; n++) await actor.deliver('INBOX', [], n);
  await actor.deliver('INBOX', ['\\Seen', '$Forwarded', 'Straße'], 12, 13, 14);
  await actor.deliver('INBOX', [], 3);
  await actor.commit(createMailbox('Work/2026', '\\Important'));
  await actor.commit(createMailbox('Été'));
  await actor.commit(subscribe('Été', true));
  await actor.commit(storeFlags(inboxId, uids([1, 6]), 'add', ['\\Seen', 'later']));
  await actor.commit(storeFlags(inboxId, uids([2, 3], [5, 5]), 'replace', ['\\Flagged', 'Later']));
  await actor.commit(copyMessages('copy', inboxId, uids([1, 4]), 'Work/2026'));
  await actor.commit(copyMessages('move', inboxId, uids([7, 8], [11, 11]), 'Été'));
  await actor.commit(expungeMessages(inboxId, uids([2, 2], [9, 10])));
  await actor.commit(expungeMessages(actor.id('Été'), uids([2, 2])));
  await actor.commit(hideFromPop3(inboxId, uids([1, 1], [12, 12])));
  await actor.commit(setLimit(50_000_000));
  await actor.operate(
    { kind: 'metadata', key: '/private/comment', value: 'é' },
    { kind: 'recent', mailbox: inboxId, uid: 9 },
  );
  await actor.commit(renameMailbox('Work', 'Archive/Work'));
}

/** Rows of such a mailbox take enough room to be left as they are when some of them change. */
const manyCopies = 2_500;

/** Much comes at once: messages with enough header for answers to be stored, and a mailbox with many rows. */
export async function grow(actor: Actor): Promise<void> {
  const { random } = actor.time;
  actor.time.pass(day);
  await actor.commit(createMailbox('Lists'));
  await actor.import('Lists', 40);
  await actor.commit(createMailbox('Copies'));
  const [lists, to] = [actor.id('Lists'), actor.id('Copies')];
  const copies = Array.from({ length: manyCopies }, (): Operation => {
    const uid = random.integer(1, 40);
    return { kind: 'copy', mailbox: lists, uids: uids([uid, uid]), to };
  });
  await actor.operate(...copies);
}

/** What was there is changed, filed, thrown away and given up. */
export async function tidy(actor: Actor): Promise<void> {
  actor.time.pass(day);
  await actor.deliver('Archive/Work', [], 15);
  await actor.commit(storeFlags(inboxId, uids([1, 99]), 'remove', ['\\Seen']));
  // One message of each frame of header records.
  await actor.commit(createMailbox('Filed'));
  await actor.commit(copyMessages('move', actor.id('Lists'), everyNth(7, 40), 'Filed'));
  await actor.commit(storeFlags(actor.id('Copies'), everyNth(9, manyCopies), 'add', ['$Junk']));
  // So many pieces that bits are shorter than ranges.
  await actor.commit(expungeMessages(actor.id('Copies'), everyNth(5, manyCopies)));
  await actor.commit(deleteMailbox('Été'));
  await actor.commit(createMailbox('Passing'));
  await actor.commit(deleteMailbox('Passing'));
  await actor.commit(expungeMessages(inboxId, uids([4, 4])));
  actor.time.pass(15 * day);
  // Of what was expunged in the first weeks.
  await actor.operate({ kind: 'purge', expungedBefore: seconds(actor) - 16.5 * 24 * 3600 });
  await actor.commit(expungeMessages(inboxId, uids([1, 1], [14, 14])));
}

/** There is no such mailbox. */
const gone = 999 as MailboxId;

const everyNth = (step: number, upTo: number): UidSet =>
  UidSet.of(Array.from({ length: Math.floor(upTo / step) }, (_, i) => (i + 1) * step));

/** After the last snapshot; `others` have not opened the account. */
export async function goOn(actor: Actor, others: MailEngine): Promise<void> {
  await actor.commit(restoreMessages({ since: 0, quota: 'ignored' }));
  await actor.commit(renameMailbox('INBOX', 'Old'));
  actor.time.pass(day);
  for (const n of [16, 17, 17]) await actor.deliverUnopened(n, others);
  for (let n = 18; n < 24; n++)
    await actor.deliver(n % 3 === 0 ? 'Sent' : 'INBOX', n % 2 === 0 ? ['\\Draft'] : [], n);
  await actor.commit(copyMessages('move', inboxId, uids([1, 999]), 'Old'));
  // What cannot be done has a meaning too.
  const { emailId, size, record } = await actor.stage(5);
  const message = { emailId, size, internalDate: 1, flags: ['\\Answered'], record };
  await actor.operate(
    { kind: 'delete', mailbox: inboxId },
    { kind: 'create', name: 'Old' },
    { kind: 'append', mailbox: gone, message },
    { kind: 'copy', mailbox: inboxId, uids: uids([1, 999]), to: gone },
    { kind: 'restore', mailbox: gone, expungedSince: 0 },
  );
  await actor.commit(expungeMessages(actor.id('Filed'), uids([2, 3])));
  await actor.commit(copyMessages('copy', actor.id('Lists'), uids([20, 22]), 'Filed'));
  await actor.operate({ kind: 'purge', expungedBefore: seconds(actor) - 24 * 3600 });
}

/** In the epoch that a rebuild began. */
export async function goOnRebuilt(actor: Actor): Promise<void> {
  await actor.deliver('INBOX', ['\\Seen'], 24, 25);
  await actor.commit(createMailbox('After'));
  await actor.commit(copyMessages('move', actor.id('Recovered'), uids([1, 9]), 'After'));
  await actor.commit(expungeMessages(actor.id('Old'), uids([3, 5])));
}
