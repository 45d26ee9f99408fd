import { parseAddress } from '../../shared/directory/address.ts';
import type { Account } from '../../shared/engine/account.ts';
import { type Appended, appendMessages } from '../../shared/engine/actions.ts';
import type { Decide } from '../../shared/engine/decision.ts';
import type { MailEngine } from '../../shared/engine/engine.ts';
import type { MailError } from '../../shared/engine/mail-error.ts';
import type { AccountId } from '../../shared/ids.ts';
import type { Directory } from '../../shared/ports/directory.ts';
import { ok, type Result } from '../../shared/result.ts';
import type { Outbox, Waiting } from './outbox.ts';
import { failureReport } from './report.ts';
import { reporter } from './srs.ts';

export interface GiveUpParts {
  readonly engine: MailEngine;
  readonly outbox: Outbox;
  readonly directory: Pick<Directory, 'account'>;
  readonly hostname: string;
}

/** See the event forward.failed. */
export type GivenUp = 'reported' | 'returned' | 'kept' | 'dropped';

/** Of the message's header, what is read to be sent back with a report. */
const mostRead = 64 * 1024;

/**
 * The end of a message that cannot be sent: its sender is told where that harms nobody; where not, it goes back to the account that was to send it
 * on, unless that has a copy. A report that comes to nobody ends here. Done twice, after a crash, it is done once.
 */
export async function giveUp(
  parts: GiveUpParts,
  box: Account,
  waiting: Waiting,
  status: string,
): Promise<Result<GivenUp, MailError>> {
  const { account, sender, reportable, kept } = waiting.envelope;
  if (account === undefined) return ok('dropped');
  if (reportable && mayBeTold(sender)) {
    const told = await report(parts, box, waiting, status);
    if (!told.ok) return told;
    if (told.value) return ok('reported');
  }
  if (kept) return ok('kept');
  const record = await parts.directory.account(account);
  return record === undefined ? ok('dropped') : await giveBack(parts, box, waiting, account);
}

/** Nobody is told of a failed report, and no program that would only answer. */
const mayBeTold = (sender: string): boolean =>
  parseAddress(sender).ok && !/^(?:mailer-daemon|postmaster)@/i.test(sender);

async function report(
  { engine, outbox, hostname }: GiveUpParts,
  box: Account,
  waiting: Waiting,
  status: string,
): Promise<Result<boolean, MailError>> {
  const { envelope, number, since } = waiting;
  const [header] = await headerOf(outbox, box, waiting);
  const text = failureReport({
    ...{ hostname, to: envelope.sender, recipient: envelope.via, status, header, since },
    id: `${number}.${since}`,
    now: engine.parts.entropy.now(),
  });
  const via = reporter(envelope.via.slice(envelope.via.lastIndexOf('@') + 1));
  const posted = await outbox.post([
    {
      id: `report:${number}`,
      envelope: {
        ...{ account: undefined, via, sender: '', recipient: envelope.sender },
        ...{ reportable: false, kept: false },
      },
      message: async function* () {
        yield text;
      },
    },
  ]);
  return posted.ok ? ok(posted.value !== 'full') : posted;
}

/** The first octets, up to the end of the header block. */
async function headerOf(outbox: Outbox, box: Account, waiting: Waiting): Promise<[Uint8Array]> {
  let held = Buffer.alloc(0);
  for await (const chunk of outbox.read(box, waiting)) {
    held = Buffer.concat([held, chunk]);
    const end = held.indexOf('\r\n\r\n');
    if (end >= 0) return [held.subarray(0, end + 2)];
    if (held.length >= mostRead) break;
  }
  return [held.subarray(0, mostRead)];
}

/** Its INBOX takes it beyond the quota: it was accepted for it once. */
async function giveBack(
  { engine, outbox }: GiveUpParts,
  box: Account,
  waiting: Waiting,
  id: AccountId,
): Promise<Result<GivenUp, MailError>> {
  const { number, since, envelope } = waiting;
  return await engine.with(id, async (account) => {
    async function* message() {
      yield Buffer.from(`Return-Path: <${parseAddress(envelope.sender).ok ? envelope.sender : ''}>\r\n`);
      yield* outbox.read(box, waiting);
    }
    const staged = await account.stage(message(), Number.MAX_SAFE_INTEGER);
    if (!staged.ok) return staged;
    const request = {
      message: staged.value,
      flags: [],
      internalDate: Math.floor(since / 1000),
      deliveryId: `returned:${number}`,
    };
    const append: Decide<Appended> = (state, now) =>
      appendMessages('INBOX', [request], 'inbox')({ ...state, limits: { bytes: undefined } }, now);
    const done = await account.commit(append);
    if (done.ok ? done.value.uids.size === 0 : done.error.kind !== 'unsettled')
      await account.unstage(staged.value);
    return done.ok ? ok('returned') : done;
  });
}
