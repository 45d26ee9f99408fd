import type { Account } from '../../../shared/engine/account.ts';
import { type AppendRequest, appendMessages, overQuota } from '../../../shared/engine/actions.ts';
import type { MailError } from '../../../shared/engine/mail-error.ts';
import type { StagedMessage } from '../../../shared/engine/stage.ts';
import type { MessageLiteral } from '../../../shared/imap/announcement.ts';
import type { AppendMessage } from '../../../shared/imap/commands.ts';
import { parseAppendRest } from '../../../shared/imap/parse-command.ts';
import { continuation } from '../../../shared/imap/responses/status.ts';
import type { Result } from '../../../shared/result.ts';
import type { FinalOutcome, SessionHandler, SessionOutcome } from '../dispatch.ts';
import { errorReply } from '../error-reply.ts';
import { rangesOfUids } from '../message-set.ts';
import type { ImapSession } from '../session.ts';

/** A message that the client announced, and the literal that it comes in. */
interface Offered {
  readonly announced: AppendMessage;
  readonly literal: MessageLiteral;
}

/** What one MULTIAPPEND may bring; beyond the messages' own bytes it is held in memory until the last is there. */
const maxMessages = 1000;
const maxRecordBytes = 16 * 1024 * 1024;

/**
 * APPEND, RFC 9051 §6.3.12, of one message or several (RFC 3502), with APPENDUID. Bytes go to the store at the client's pace; what can be refused
 * is refused before they come. All of the messages or none: what was stored of a refused or broken command is given up. The commands that follow
 * are read while these messages become durable.
 */
export const append: SessionHandler<'append', 'authenticated' | 'selected'> = async (
  session,
  { account },
  command,
): Promise<SessionOutcome> => {
  const { connection, offered, service } = session;
  if (offered === undefined) throw new Error('APPEND without a message');
  if (account.state.mailboxes.named(command.mailbox) === undefined) {
    const refreshed = await account.refresh();
    if (!refreshed.ok) return errorReply(refreshed.error, session.log);
  }
  const requests: AppendRequest[] = [];
  const giveUp = () => Promise.all(requests.map(({ message }) => account.unstage(message)));
  connection.setIdleTimeout(service.options.literalTimeoutMs);
  let taken = false;
  try {
    const refusal = await receive(
      session,
      account,
      command.mailbox,
      { announced: command.message, literal: offered },
      requests,
    );
    if (refusal !== undefined) return refusal;
    taken = true;
  } finally {
    connection.setIdleTimeout(service.options.idleTimeoutMs);
    if (!taken) await giveUp();
  }
  const octets = requests.reduce((sum, { message }) => sum + message.size, 0);
  return { condition: 'late', octets, outcome: store(session, account, command.mailbox, requests, giveUp) };
};

/** Makes mail of the staged messages; the answer when that is durable. */
async function store(
  { log }: ImapSession,
  account: Account,
  mailbox: string,
  requests: readonly AppendRequest[],
  giveUp: () => Promise<unknown>,
): Promise<FinalOutcome> {
  const appended = await account.commit(appendMessages(mailbox, requests));
  if (!appended.ok) {
    if (appended.error.kind !== 'unsettled') await giveUp();
    return errorReply(appended.error, log, 'tell');
  }
  const { uidValidity, uids } = appended.value;
  const code = { code: 'APPENDUID', uidValidity, uids: rangesOfUids(uids) } as const;
  return { condition: 'OK', code, text: 'Stored' };
}

/** Stages the command's messages into `requests`; the answer where it is refused. */
async function receive(
  session: ImapSession,
  account: Account,
  mailbox: string,
  first: Offered,
  requests: AppendRequest[],
): Promise<FinalOutcome | undefined> {
  let records = 0;
  for (let next = first; ; ) {
    const { announced } = next;
    const refusal = refusalOf(session, account, mailbox, announced, requests);
    if (refusal !== undefined) return refusal;
    // What makes room may have been done elsewhere a moment ago.
    const isOver = () => overQuota(account.state, octetsOf(requests) + announced.size);
    if (isOver()) await account.refresh();
    if (isOver()) return errorReply({ kind: 'overQuota' }, session.log);
    const staged = await stage(session, account, next);
    if (!staged.ok) return errorReply(staged.error, session.log);
    requests.push({
      message: staged.value,
      flags: announced.flags,
      internalDate: secondsOf(announced.internalDate),
    });
    records += staged.value.record.length;
    if (records > maxRecordBytes) return limit('Too much in one command');
    const frame = await session.input.afterMessage();
    if (frame.kind === 'fatal') return { condition: 'bye', text: frame.text, end: 'refused' };
    if (frame.kind !== 'command')
      return { condition: 'BAD', text: frame.kind === 'bad' ? frame.text : 'Unexpected literal' };
    const rest = parseAppendRest(frame.bytes, announced);
    if (!rest.ok) return { condition: 'BAD', text: rest.error.text };
    if (rest.value === undefined) return undefined;
    if (frame.message === undefined) throw new Error('a message without its literal');
    next = { announced: rest.value, literal: frame.message };
  }
}

const octetsOf = (requests: readonly AppendRequest[]): number =>
  requests.reduce((sum, { message }) => sum + message.size, 0);

const limit = (text: string): FinalOutcome => ({ condition: 'NO', code: { code: 'LIMIT' }, text });

/** Why a message is not even wanted: known by its announcement. */
function refusalOf(
  { service, enabled, log }: ImapSession,
  { state }: Account,
  mailbox: string,
  { size, content }: AppendMessage,
  before: readonly AppendRequest[],
): FinalOutcome | undefined {
  if (content === 'utf8' && !enabled.utf8)
    return { condition: 'BAD', text: 'ENABLE UTF8=ACCEPT comes first' };
  const refuse = (error: MailError) => errorReply(error, log, 'tell');
  // The answer to a name that is gone, or never was one, is found where it is decided.
  const target = state.mailboxes.named(mailbox);
  if (target === undefined) {
    const decided = appendMessages(mailbox, [])(state, 0);
    if (!decided.ok) return refuse(decided.error);
  }
  // RFC 3502 §6.3.11: a client that changes its mind announces nothing.
  if (size === 0) return { condition: 'NO', text: 'A message of no octets: nothing is stored' };
  if (size > service.options.appendLimit)
    return refuse({ kind: 'tooLarge', limit: service.options.appendLimit });
  if (before.length >= maxMessages) return limit(`At most ${maxMessages} messages in one command`);
  return undefined;
}

/** Takes the message that is offered. */
async function stage(
  session: ImapSession,
  account: Account,
  { literal }: Offered,
): Promise<Result<StagedMessage, MailError>> {
  const { input, service, writer } = session;
  input.reader.acceptMessage();
  if (literal.sync === 'wait') continuation(writer, 'Go on');
  await session.flush();
  return account.stage(input.message(), service.options.appendLimit);
}

/** INTERNALDATE is kept in seconds of 32 bits: dates before 1970 and after 2106 are moved to its ends. */
const secondsOf = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : Math.min(0xffff_ffff, Math.max(0, Math.floor(ms / 1000)));
