import { parseDomain } from '../../shared/directory/address.ts';
import type { Recipient, RecipientDirectory } from '../../shared/directory/resolve-recipient.ts';
import { type AccountId, type Entropy, outboxAccount } from '../../shared/ids.ts';
import { parseAddresses } from '../../shared/message/addresses.ts';
import { changedHeader } from '../../shared/message/change-header.ts';
import { fieldAt, fieldValue, fieldValues } from '../../shared/message/header.ts';
import type { Address } from '../../shared/ports/directory.ts';
import { err, ok, type Result } from '../../shared/result.ts';
import type { Log } from '../../shared/telemetry/log.ts';
import type { Envelope } from './envelope.ts';
import type { Outbox, Posted } from './outbox.ts';
import { claimsRewriting, loopMark, reporter, senderRewriting, sentByReporter } from './srs.ts';

/** A message that an account's record sends on to addresses elsewhere. */
export interface ForwardRequest {
  readonly account: AccountId;
  /** The account's address, or the one in whose name reports go where `account` is the outbox. */
  readonly via: string;
  readonly targets: readonly [string, ...string[]];
  /** The envelope's sender as it came. */
  readonly sender: string;
  /** See Envelope. */
  readonly reportable: boolean;
  readonly kept: boolean;
  /** Of the message, to see whether it has been here. */
  readonly header: Uint8Array;
  /** The same for the same message when it is delivered again. */
  readonly id: string;
  /** Its octets, from the start, each time that it is called. */
  readonly message: () => AsyncIterable<Uint8Array>;
  readonly log: Log;
}

/** 'kept': it is not to go on, and stays with the account. 'unavailable': the sender is to come again. 'noReport': sent to a rewritten sender, and none. */
export type ForwardOutcome = 'queued' | 'kept' | 'unavailable' | 'noReport';

const loopField = 'x-restante-forwarded';

/** What reports look like (RFC 6522, RFC 3834 §5); those of qmail and its like have nothing but their author. */
function isReport(header: Uint8Array): boolean {
  if (/^\s*multipart\/report\b/i.test(fieldValue(header, 'content-type') ?? '')) return true;
  const submitted = fieldValue(header, 'auto-submitted')?.trim() ?? 'no';
  if (submitted !== '' && !/^no\b/i.test(submitted)) return true;
  return parseAddresses(fieldValue(header, 'from') ?? '').some(({ mailbox }) =>
    sentByReporter(`${mailbox}@`),
  );
}

/** As it goes on: without the field that only final delivery makes (RFC 5321 §4.4), and with the mark of who sends it on. */
function outgoingHeader(block: Uint8Array, mark: string | undefined): Uint8Array {
  const first = fieldAt(block, 0);
  const rest = first?.name === 'return-path' ? block.subarray(first.end) : block;
  return mark === undefined ? rest : Buffer.concat([Buffer.from(`X-Restante-Forwarded: ${mark}\r\n`), rest]);
}

/** Takes mail for addresses elsewhere into the outbox, and knows the senders under which it went out when reports come back to them. */
export class Forwarder {
  readonly #outbox: Outbox;
  readonly #directory: Pick<RecipientDirectory, 'domain'>;
  readonly #secret: Uint8Array;
  readonly #entropy: Entropy;

  constructor(
    outbox: Outbox,
    directory: Pick<RecipientDirectory, 'domain'>,
    secret: Uint8Array,
    entropy: Entropy,
  ) {
    this.#outbox = outbox;
    this.#directory = directory;
    this.#secret = secret;
    this.#entropy = entropy;
  }

  /** Durable when it is queued. */
  async forward(request: ForwardRequest): Promise<ForwardOutcome> {
    const { account, via, targets, sender, header, id, message, log } = request;
    const report = account === outboxAccount;
    if (report && !isReport(header)) {
      log.warn({ event: 'forward.kept', account, reason: 'noReport' });
      return 'noReport';
    }
    const mark = report ? undefined : loopMark(this.#secret, account);
    if (mark !== undefined && fieldValues(header, loopField).some((value) => value.trim() === mark)) {
      log.warn({ event: 'forward.kept', account, reason: 'loop' });
      return 'kept';
    }
    const { reportable, kept } = request;
    const envelope = { account: report ? undefined : account, via, sender, reportable, kept };
    const outgoing = () => changedHeader(message(), (block) => outgoingHeader(block, mark));
    const post = (recipient: string): Posted => ({
      envelope: { ...envelope, recipient } satisfies Envelope,
      id: `${id}:${account}:${recipient}`,
      message: outgoing,
    });
    const [first, ...others] = targets;
    const posted = await this.#outbox.post([post(first), ...others.map(post)]);
    if (!posted.ok) {
      log.error(
        { event: 'account.unavailable' },
        'cause' in posted.error ? posted.error.cause : posted.error,
      );
      return 'unavailable';
    }
    if (posted.value === 'taken')
      log.info({ event: 'forward.queued', account, recipients: targets.length, report });
    if (posted.value !== 'full') return 'queued';
    log.warn({ event: 'forward.kept', account, reason: 'full' });
    // A report has no account to stay with.
    return report ? 'unavailable' : 'kept';
  }

  /**
   * Where a report goes that is sent to a rewritten sender of ours; undefined where the address is none. The error: it is not
   * of our making, too old, or what is sent to it is no report.
   */
  async returning(address: string, sender: string): Promise<Result<Recipient, 'notOurs'> | undefined> {
    const at = address.lastIndexOf('@');
    if (at < 0 || !claimsRewriting(address.slice(0, at))) return undefined;
    const domain = parseDomain(address.slice(at + 1));
    if (!domain.ok || !(await this.#directory.domain(domain.value))) return undefined;
    const original = senderRewriting(this.#secret).restore(address.slice(0, at), this.#entropy.now());
    if (original === undefined || !sentByReporter(sender)) return err('notOurs');
    const account = { id: outboxAccount, address: reporter(domain.value) as Address };
    return ok({ account, detail: undefined, outside: [original as Address], copy: false });
  }
}
