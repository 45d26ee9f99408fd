import { createHash } from 'node:crypto';
import type { Account } from '../../../shared/engine/account.ts';
import { referencedMessages } from '../../../shared/engine/apply-departures.ts';
import { rowsOf } from '../../../shared/engine/rows.ts';
import { type EmailId, messageKey, timeOfId } from '../../../shared/ids.ts';
import { fieldAt } from '../../../shared/message/header.ts';
import type { MessageRecord } from '../../../shared/message/structure.ts';
import type { BlobStore } from '../../../shared/ports/blob-store.ts';

/** What final delivery puts before a message (RFC 5321 §4.4), anew for each attempt. */
const traceNames = new Set(['return-path', 'delivered-to', 'received']);

/** A message without the trace fields that stand before all others. */
interface Content {
  readonly id: EmailId;
  /** Octets of the message, from `start` to `end`. */
  readonly start: number;
  readonly end: number;
}

/** Contents with one Message-ID and of one length: all are read, once, where another such message is met. */
interface Alike {
  readonly unread: Content[];
  readonly digests: Set<string>;
}

/** The messages of an account that is being rebuilt, by id, and by what they say: another attempt at a delivery has another id. */
export class KnownMessages {
  readonly #account: Account;
  readonly #blobs: Pick<BlobStore, 'get'>;
  readonly #ids = new Set<EmailId>();
  readonly #alike = new Map<string, Alike>();

  constructor(account: Account, blobs: Pick<BlobStore, 'get'>) {
    this.#account = account;
    this.#blobs = blobs;
  }

  /**
   * Reads what the account refers to. Contents are known of those that came at or after `since` (ms) and are in a mailbox: one that
   * was expunged stands for no other.
   */
  async load(since: number): Promise<void> {
    const state = await this.#account.whole();
    const present = new Set<number>();
    for (const { chunks } of state.mailboxes) for (const { message } of rowsOf(chunks)) present.add(message);
    for (const no of new Set(referencedMessages(state))) {
      // One that cannot be read is told elsewhere, and is recovered as what its bytes say.
      const [id] = await this.#account.emailIds([no]).catch(() => []);
      if (id === undefined) continue;
      this.#ids.add(id);
      if (timeOfId(id) < since || !present.has(no)) continue;
      const [record] = await this.#account.records([no]).catch(() => []);
      if (record !== undefined) this.#alikeOf(id, record)?.unread.push(contentOf(id, record));
    }
  }

  has(id: EmailId): boolean {
    return this.#ids.has(id);
  }

  /**
   * Whether none says the same yet, octet for octet but for its trace; from then on it is known. The Message-ID only finds candidates:
   * versions of a draft have the same one, and so have the copies of a message that came to its reader and through a list.
   */
  async addNew(id: EmailId, record: MessageRecord): Promise<boolean> {
    this.#ids.add(id);
    const alike = this.#alikeOf(id, record);
    if (alike === undefined) return true;
    const { unread, digests } = alike;
    unread.push(contentOf(id, record));
    if (unread.length + digests.size === 1) return true;
    let isNew = true;
    for (const content of unread.splice(0)) {
      // One that cannot be read is like no other.
      const digest = await this.#digest(content).catch(() => undefined);
      if (digest === undefined) continue;
      if (content.id === id) isNew = !digests.has(digest);
      digests.add(digest);
    }
    return isNew;
  }

  #alikeOf(id: EmailId, record: MessageRecord): Alike | undefined {
    const { messageId } = record.envelope;
    if (messageId === undefined) return undefined;
    const { start, end } = contentOf(id, record);
    const key = `${end - start} ${messageId}`;
    const there = this.#alike.get(key) ?? { unread: [], digests: new Set() };
    this.#alike.set(key, there);
    return there;
  }

  async #digest({ id, start, end }: Content): Promise<string | undefined> {
    const blob = await this.#blobs.get(messageKey(this.#account.id, id), { start, end });
    if (blob === undefined) return undefined;
    const hash = createHash('sha256');
    if (blob.body instanceof Uint8Array) hash.update(blob.body);
    else for await (const chunk of blob.body) hash.update(chunk);
    return hash.digest('hex');
  }
}

function contentOf(id: EmailId, { header, size }: MessageRecord): Content {
  let start = 0;
  for (
    let field = fieldAt(header, 0);
    field !== undefined && traceNames.has(field.name);
    field = fieldAt(header, start)
  )
    start = field.end;
  return { id, start, end: size };
}
