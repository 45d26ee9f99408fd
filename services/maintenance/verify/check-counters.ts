import { countRows, everyUid, type Mailbox } from '../../../shared/engine/mailbox.ts';
import { rowsOf } from '../../../shared/engine/rows.ts';
import { type AccountState, modSeqAt } from '../../../shared/engine/state.ts';
import type { Findings } from './findings.ts';

/** Checks that what an account counts is what its mailboxes hold, and that UIDs and mod-sequences are in order. */
export function checkCounters(state: AccountState, findings: Findings): void {
  const sum = { messages: 0, bytes: 0 };
  for (const mailbox of state.mailboxes) {
    sum.messages += mailbox.exists;
    sum.bytes += mailbox.bytes;
    checkMailbox(state, mailbox, findings);
  }
  for (const { mailbox } of state.removedMailboxes) checkMailbox(state, mailbox, findings);
  const { usage } = state;
  if (sum.messages !== usage.messages || sum.bytes !== usage.bytes)
    findings.add(
      'counters',
      `the mailboxes hold ${sum.messages} messages of ${sum.bytes} bytes, the account counts ${usage.messages} of ${usage.bytes}`,
    );
}

function checkMailbox(state: AccountState, mailbox: Mailbox, findings: Findings): void {
  const wrong = (what: string) => findings.add('counters', `mailbox ${mailbox.name}: ${what}`);
  const counted = countRows(mailbox.chunks, everyUid, state.flags);
  for (const name of ['exists', 'unseen', 'deleted', 'bytes'] as const)
    if (counted[name] !== mailbox[name]) wrong(`${name} is ${mailbox[name]}, its rows say ${counted[name]}`);
  if (mailbox.highestModSeq > modSeqAt(state, state.position))
    wrong(`HIGHESTMODSEQ ${mailbox.highestModSeq} is ahead of the log`);
  const problem = rowProblem(state, mailbox);
  if (problem !== undefined) wrong(problem);
}

/** The first that is wrong: more of them follow from it. */
function rowProblem(state: AccountState, { chunks, uidNext, highestModSeq }: Mailbox): string | undefined {
  let before = 0;
  for (const { uid, modSeq, message } of rowsOf(chunks)) {
    if (uid <= before) return `UID ${uid} comes after UID ${before}`;
    if (uid >= uidNext) return `UID ${uid} is not below UIDNEXT ${uidNext}`;
    if (modSeq > highestModSeq)
      return `UID ${uid} has mod-sequence ${modSeq}, above HIGHESTMODSEQ ${highestModSeq}`;
    if (message >= state.nextMessage) return `UID ${uid} is message ${message}, which has not come yet`;
    before = uid;
  }
  return undefined;
}
