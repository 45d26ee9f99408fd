import type { AccountId, BlobKey, LogPosition } from '../../shared/ids.ts';
import type {
  AccountLog,
  AppendOutcome,
  AppendRequest,
  Head,
  HeadMove,
  LogEnd,
  LogTail,
  StoredEntry,
} from '../../shared/ports/account-log.ts';
import { StaleTail } from '../../shared/ports/account-log.ts';
import type { Blob, BlobStore, ByteRange } from '../../shared/ports/blob-store.ts';
import type { Lease, Leases } from '../../shared/ports/leases.ts';

/** The ports in memory, counting what is asked of them. They keep the ports' contracts; what they hold is gone with them. */

interface Log {
  readonly entries: Map<number, Uint8Array>;
  last: number;
  first: number;
  head: Head | undefined;
}

const pageEntries = 1000;
const pageBytes = 1 << 20;

export class MemoryLog implements AccountLog {
  readonly #logs = new Map<AccountId, Log>();
  readonly #now: () => number;
  readonly counts = { reads: 0, readBytes: 0, puts: 0, putBytes: 0, headMoves: 0, trimmed: 0 };

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  #log(account: AccountId): Log {
    let log = this.#logs.get(account);
    if (log === undefined)
      this.#logs.set(account, (log = { entries: new Map(), last: 0, first: 1, head: undefined }));
    return log;
  }

  async read(account: AccountId, after: LogPosition): Promise<LogTail> {
    this.counts.reads++;
    const { entries: stored, last, first, head } = this.#log(account);
    const from = Math.max(after === 0 ? (head?.position ?? 0) + 1 : after + 1, first);
    const entries: StoredEntry[] = [];
    let bytes = 0;
    let position = from;
    for (; position <= last && entries.length < pageEntries && bytes < pageBytes; position++) {
      const entry = stored.get(position)!;
      entries.push({ position: position as LogPosition, bytes: entry });
      bytes += entry.length;
    }
    this.counts.readBytes += bytes;
    return { head, entries, more: position <= last };
  }

  async readEnd(account: AccountId): Promise<LogEnd> {
    this.counts.reads++;
    const { entries, last, head } = this.#log(account);
    const bytes = entries.get(last);
    this.counts.readBytes += bytes?.length ?? 0;
    return { head, last: bytes && { position: last as LogPosition, bytes } };
  }

  async append({ account, position, bytes, readAt }: AppendRequest): Promise<AppendOutcome> {
    this.counts.puts++;
    this.counts.putBytes += bytes.length;
    if (readAt < this.#now() - 5 * 60_000) throw new StaleTail();
    const log = this.#log(account);
    if (position <= log.last) return { kind: 'taken', occupant: log.entries.get(position)?.slice() };
    if (position !== log.last + 1) throw new Error(`position ${position} does not follow ${log.last}`);
    log.entries.set(position, bytes.slice());
    log.last = position;
    return { kind: 'done' };
  }

  async moveHead(account: AccountId, { last, ...head }: HeadMove): Promise<boolean> {
    this.counts.headMoves++;
    const log = this.#log(account);
    if (log.head !== undefined && log.head.position >= head.position) return false;
    if (head.position > log.last) {
      if (last === undefined) throw new RangeError('nothing leads to this head');
      if (last !== log.last) return false;
      log.entries.clear();
      log.last = head.position;
      log.first = head.position + 1;
    }
    log.head = head;
    return true;
  }

  async trim(account: AccountId, upTo: LogPosition): Promise<void> {
    const log = this.#log(account);
    const end = Math.min(upTo, log.head?.position ?? 0, log.last - 1);
    for (; log.first <= end; log.first++) if (log.entries.delete(log.first)) this.counts.trimmed++;
  }

  async drop(account: AccountId): Promise<void> {
    this.#logs.delete(account);
  }
}

export class MemoryBlobs implements BlobStore {
  readonly objects = new Map<BlobKey, Uint8Array>();
  readonly counts = { puts: 0, putBytes: 0, gets: 0, getBytes: 0, deletes: 0, lists: 0 };

  async put(key: BlobKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<number> {
    const chunks: Uint8Array[] = [];
    if (body instanceof Uint8Array) chunks.push(body);
    else for await (const chunk of body) chunks.push(chunk.slice());
    const bytes = Buffer.concat(chunks);
    if (this.objects.has(key)) throw new Error(`put to the used key ${key}`);
    this.objects.set(key, bytes);
    this.counts.puts++;
    this.counts.putBytes += bytes.length;
    return bytes.length;
  }

  async get(key: BlobKey, range?: ByteRange): Promise<Blob | undefined> {
    this.counts.gets++;
    const bytes = this.objects.get(key);
    if (bytes === undefined) return undefined;
    const body = range === undefined ? bytes : bytes.subarray(range.start, Math.max(range.start, range.end));
    this.counts.getBytes += body.length;
    return { size: bytes.length, body };
  }

  async delete(keys: readonly BlobKey[]): Promise<void> {
    this.counts.deletes += keys.length;
    for (const key of keys) this.objects.delete(key);
  }

  async list(prefix: string, after?: BlobKey) {
    this.counts.lists++;
    const found: { key: BlobKey; size: number }[] = [];
    for (const [key, bytes] of this.objects)
      if (key.startsWith(prefix) && (after === undefined || key > after))
        found.push({ key, size: bytes.length });
    return found.sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, 1000);
  }
}

export class MemoryLeases implements Leases {
  readonly #held = new Map<string, { readonly holder: string; readonly until: number }>();
  readonly #now: () => number;
  readonly counts = { writes: 0 };

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  async acquire(name: string, holder: string, ttlMs: number): Promise<Lease | undefined> {
    this.counts.writes++;
    const held = this.#held.get(name);
    if (held !== undefined && held.holder !== holder && held.until > this.#now()) return undefined;
    this.#held.set(name, { holder, until: this.#now() + ttlMs });
    return { name, holder };
  }

  async renew({ name, holder }: Lease, ttlMs: number): Promise<boolean> {
    this.counts.writes++;
    const held = this.#held.get(name);
    if (held?.holder !== holder || held.until <= this.#now()) return false;
    this.#held.set(name, { holder, until: this.#now() + ttlMs });
    return true;
  }

  async release({ name, holder }: Lease): Promise<void> {
    this.counts.writes++;
    if (this.#held.get(name)?.holder === holder) this.#held.delete(name);
  }
}
