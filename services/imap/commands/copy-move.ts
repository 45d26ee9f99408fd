import { type Copied, copyMessages } from '../../../shared/engine/actions.ts';
import { isStillIn, withUidsOf } from '../../../shared/engine/decided.ts';
import { type ResponseCode, statusLine } from '../../../shared/imap/responses/status.ts';
import { errorReply } from '../error-reply.ts';
import { namedUids, noSuchMessage, rangesOfUids } from '../message-set.ts';
import { expungeIssued, readOnly, takeIn } from '../own-change.ts';
import type { Client, CommandOf, In, Outcome, SelectedHandler } from '../session-state.ts';
import { highestModSeqCode } from './expunge.ts';

/** COPY and UID COPY, RFC 9051 §6.4.7. */
export const copy: SelectedHandler<'copy'> = async (client, state, command) => {
  const copied = await carry('copy', client, state, command);
  if ('condition' in copied) return copied;
  takeIn(state.account, state.selected);
  return { condition: 'OK', code: copyUid(copied), text: `${copied.source.size} copied` };
};

/** MOVE and UID MOVE, RFC 9051 §6.4.8: COPYUID comes untagged, before the session tells of the messages gone. */
export const move: SelectedHandler<'move'> = async (client, state, command) => {
  if (state.selected.access === 'readOnly') return readOnly;
  const moved = await carry('move', client, state, command);
  if ('condition' in moved) return moved;
  takeIn(state.account, state.selected);
  const code = copyUid(moved);
  if (code === undefined) return { condition: 'OK', text: '0 moved' };
  statusLine(client.writer, undefined, 'OK', 'Moved', code);
  return {
    condition: 'OK',
    code: highestModSeqCode(client, state.selected),
    text: `${moved.source.size} moved`,
  };
};

async function carry(
  kind: 'copy' | 'move',
  client: Client,
  { account, selected }: In<'selected'>,
  command: CommandOf<'copy' | 'move'>,
): Promise<Copied | Outcome> {
  const named = namedUids(selected, command.set, command.numbers);
  if (named === 'outOfRange') return noSuchMessage;
  const ghosts = selected.view.ghostUids.intersect(named);
  // All or nothing; but a UID that is gone is ignored (RFC 9051 §6.4.9).
  if (ghosts.size > 0 && command.numbers === 'seq')
    return expungeIssued('Some of these messages no longer exist; nothing was done');
  const result = await account.commit(
    withUidsOf(selected.view.mailbox, copyMessages(kind, selected.id, named, command.mailbox)),
  );
  if (result.ok) return result.value;
  // The mailbox that is missing may be the selected one: no CREATE helps then.
  const sourceGone = !isStillIn(account.state, selected.view.mailbox);
  return errorReply(result.error, client.log, sourceGone ? 'no' : 'tell');
}

function copyUid({ uidValidity, source, destination }: Copied): ResponseCode | undefined {
  if (source.size === 0) return undefined;
  return { code: 'COPYUID', uidValidity, from: rangesOfUids(source), to: rangesOfUids(destination) };
}
