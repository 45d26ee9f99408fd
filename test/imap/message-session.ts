import { copy, move } from '../../services/imap/commands/copy-move.ts';
import { expunge } from '../../services/imap/commands/expunge.ts';
import { fetch } from '../../services/imap/commands/fetch.ts';
import { search } from '../../services/imap/commands/search.ts';
import { sort } from '../../services/imap/commands/sort.ts';
import { store } from '../../services/imap/commands/store.ts';
import { thread } from '../../services/imap/commands/thread.ts';
import type { MemoPage } from '../../services/imap/record-memo.ts';
import type { Client, Enabled, In, Outcome } from '../../services/imap/session-state.ts';
import { advanceView, writeUpdates } from '../../services/imap/updates.ts';
import type { Account } from '../../shared/engine/account.ts';
import { appendMessages } from '../../shared/engine/actions.ts';
import { ByteCache } from '../../shared/engine/byte-cache.ts';
import { MessageReader } from '../../shared/engine/message-reader.ts';
import { UidSet } from '../../shared/engine/uid-set.ts';
import { MailboxView } from '../../shared/engine/view.ts';
import { parseCommand } from '../../shared/imap/parse-command.ts';
import { statusLine } from '../../shared/imap/responses/status.ts';
import { ResponseWriter } from '../../shared/imap/writer.ts';
import { silentLog } from '../../shared/telemetry/log.ts';

const handlers = { fetch, store, copy, move, expunge, search, sort, thread };

export interface NewMessage {
  readonly text: string | Uint8Array;
  readonly flags?: readonly string[];
  /** Seconds since 1970. */
  readonly internalDate?: number;
}

/** Appends messages in one entry. */
export async function deliver(
  account: Account,
  mailbox: string,
  messages: readonly NewMessage[],
): Promise<void> {
  const requests = [];
  for (const { text, flags = [], internalDate } of messages) {
    const bytes = typeof text === 'string' ? Buffer.from(text.replace(/\r?\n/g, '\r\n')) : text;
    const staged = await account.stage(bytes);
    if (!staged.ok) throw new Error(staged.error.kind);
    requests.push({ message: staged.value, flags, internalDate });
  }
  const appended = await account.commit(appendMessages(mailbox, requests));
  if (!appended.ok) throw new Error(appended.error.kind);
}

/** The commands on a selected mailbox without a socket: what a session does around them, and what it would have sent. */
export class MessageSession implements Client {
  readonly writer = new ResponseWriter();
  readonly enabled: Enabled = { rev2: false, condStore: false, qresync: false, utf8: false };
  readonly memos = new ByteCache<MemoPage>(1 << 20);
  readonly log = silentLog;
  readonly state: In<'selected'>;
  readonly #sent: Uint8Array[] = [];
  /** The largest piece that was handed over at once. */
  largestWrite = 0;

  constructor(account: Account, mailbox = 'INBOX', access: 'readWrite' | 'readOnly' = 'readWrite') {
    const found = account.state.mailboxes.named(mailbox)!;
    this.state = {
      kind: 'selected',
      account,
      record: {} as In<'selected'>['record'],
      selected: {
        id: found.id,
        view: new MailboxView(found),
        messages: new MessageReader(account, found),
        access,
        recent: UidSet.empty,
        saved: UidSet.empty,
        toldKeywords: found.keywords.length,
      },
    };
  }

  async flush(): Promise<void> {
    this.#push(this.writer.take());
  }

  async send(bytes: Uint8Array): Promise<void> {
    await this.flush();
    this.#push(Uint8Array.from(bytes));
  }

  #push(bytes: Uint8Array): void {
    this.largestWrite = Math.max(this.largestWrite, bytes.length);
    this.#sent.push(bytes);
  }

  /** What was sent since the last call. */
  async taken(): Promise<string> {
    await this.flush();
    return Buffer.concat(this.#sent.splice(0)).toString('latin1');
  }

  /** Runs a command (without its tag), and says all that the client hears. */
  async run(line: string): Promise<string> {
    await this.#run(Buffer.from(`a ${line}`));
    return this.taken();
  }

  /** The same as lines, without their line ends. */
  async lines(line: string): Promise<string[]> {
    return (await this.run(line)).split('\r\n').slice(0, -1);
  }

  async #run(line: Buffer): Promise<void> {
    const parsed = parseCommand(line, 'modifiedUtf7');
    if (!parsed.ok) throw new Error(`${line}: ${parsed.error.text}`);
    const command = parsed.value;
    let outcome: Outcome = { condition: 'OK', text: 'Done' };
    if (command.kind !== 'noop') {
      const handler = handlers[command.kind as keyof typeof handlers];
      outcome = await handler(this, this.state, command as never);
    }
    if (outcome.condition === 'unsettled') throw outcome.cause;
    if (outcome.condition !== 'BAD') {
      advanceView(this.state);
      await writeUpdates(this, this.state, outcome.expunge ?? 'allowed');
    }
    statusLine(this.writer, 'a', outcome.condition, outcome.text, outcome.code);
  }
}
