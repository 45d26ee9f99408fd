import type { Recipient } from '../../../shared/directory/resolve-recipient.ts';
import type { Account } from '../../../shared/engine/account.ts';
import { type Appended, appendMessages } from '../../../shared/engine/actions.ts';
import type { Decide } from '../../../shared/engine/decision.ts';
import type { MailEngine } from '../../../shared/engine/engine.ts';
import type { MailError } from '../../../shared/engine/mail-error.ts';
import { type ReadMessage, type StagedMessage, stageRead } from '../../../shared/engine/stage.ts';
import type { AccountState } from '../../../shared/engine/state.ts';
import { type BlobKey, messageKey } from '../../../shared/ids.ts';
import { ok, type Result } from '../../../shared/result.ts';
import { mailboxFor } from '../mailbox-for.ts';
import type { Arrival } from './notification.ts';

/** Whether the queue gives a message out for the first time: an account has it already, if ever, when it comes again. */
export type Attempt = 'first' | 'again';

/** A message that was read to its end, and the way to bring its bytes to a key of the blob store. */
export type Read = Result<ReadMessage & { readonly copyTo: (key: BlobKey) => Promise<void> }, MailError>;

/** What became of it, and its octets, 0 where they were not needed. */
export interface Stored {
  readonly outcome: 'stored' | 'duplicate' | 'overQuota';
  readonly size: number;
}

/** Makes a message mail of one account: on the last entry of its log alone where that is enough, else with the account open. */
export async function storeMessage(
  engine: MailEngine,
  arrival: Arrival,
  attempt: Attempt,
  received: () => Promise<Read>,
  recipient: Recipient,
): Promise<Result<Stored, MailError>> {
  const { id } = recipient.account;
  const stage = async (): Promise<Result<StagedMessage, MailError>> => {
    const read = await received();
    return read.ok ? stageRead(engine.parts.entropy, id, read.value, read.value.copyTo) : read;
  };
  // Only who knows the account knows which mailbox a name is, and whether it has the message.
  const isPlain = attempt === 'first' && arrival.verdict !== 'spam' && recipient.detail === undefined;
  if (!isPlain) return engine.with(id, (account) => storeOpened(account, arrival, recipient, stage));
  const staged = await stage();
  if (!staged.ok) return staged;
  const { size, emailId } = staged.value;
  const deliveryId = deliveryIdOf(arrival);
  const request = { message: staged.value, internalDate: arrival.receivedAt, deliveryId };
  const appended = await engine.appendUnopened(id, request);
  const stored: Result<Stored, MailError> = !appended.ok
    ? appended
    : appended.value === 'stored'
      ? ok({ outcome: 'stored', size })
      : await engine.with(id, (account) => storeOpened(account, arrival, recipient, async () => staged));
  // Where it is not known whether an entry names the blob, it stays: the collector finds it if none does.
  const unused = stored.ok ? stored.value.outcome !== 'stored' : stored.error.kind !== 'unsettled';
  if (unused) await engine.parts.blobs.delete([messageKey(id, emailId)]).catch(() => undefined);
  return stored;
}

async function storeOpened(
  account: Account,
  arrival: Arrival,
  { detail }: Recipient,
  stage: () => Promise<Result<StagedMessage, MailError>>,
): Promise<Result<Stored, MailError>> {
  const deliveryId = deliveryIdOf(arrival);
  if (knows(account, deliveryId)) return ok({ outcome: 'duplicate', size: 0 });
  const staged = await stage();
  if (!staged.ok) return staged;
  const { size } = staged.value;
  const request = { message: staged.value, flags: [], internalDate: arrival.receivedAt, deliveryId };
  const append: Decide<Appended> = (state, now) =>
    appendMessages(placeFor(state, arrival, detail), [request], 'inbox')(state, now);
  const appended = await account.commit(append);
  const isDuplicate = appended.ok && appended.value.uids.size === 0;
  const unused = appended.ok ? isDuplicate : appended.error.kind !== 'unsettled';
  if (unused) await account.unstage(staged.value);
  if (!appended.ok)
    return appended.error.kind === 'overQuota' ? ok({ outcome: 'overQuota', size }) : appended;
  return ok({ outcome: isDuplicate ? 'duplicate' : 'stored', size });
}

const deliveryIdOf = ({ messageId }: Arrival): string => `ses:${messageId}`;

const knows = ({ state }: Account, deliveryId: string): boolean =>
  state.deliveries.has(deliveryId, Math.floor(state.time / 1000));

/** Spam goes to Junk, whatever the address says. */
function placeFor(state: AccountState, { verdict }: Arrival, detail: string | undefined): string {
  if (verdict === 'spam')
    for (const { name, specialUse } of state.mailboxes) if (specialUse === '\\Junk') return name;
  return mailboxFor(state, detail);
}
