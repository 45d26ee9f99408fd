import type { AccountId, BlobKey } from '../../ids.ts';
import { accountPrefix } from '../../ids.ts';
import type { StagedBlob } from './write-operations.ts';
import type { Writer } from './writer.ts';

/** What may be held here before a put waits for the disk. */
const stagedBytes = 32 * 1024 * 1024;
/** Charged for an object besides its bytes. */
const objectBytes = 512;
/** Objects go to the writer in requests of about this size. */
const requestBytes = 1024 * 1024;
/** An object that no append names goes to the disk by itself within twice this time. */
const restMs = 30_000;

interface Held extends StagedBlob {
  /** Which period between two ticks it came in. */
  readonly period: number;
}

/**
 * Objects put by this process that are not recorded yet. The rule: an append carries with it whatever it names of these;
 * a moved head waits until everything put for its account is recorded; what nobody asks for is recorded within a minute
 * or when it becomes too much. An object leaves only when it is recorded, so sending it twice is harmless.
 */
export class Staging {
  readonly #writer: Writer;
  readonly #held = new Map<BlobKey, Held>();
  #bytes = 0;
  #period = 0;
  #timer: NodeJS.Timeout | undefined;
  #makingRoom: Promise<void> | undefined;

  constructor(writer: Writer) {
    this.#writer = writer;
  }

  get(key: BlobKey): StagedBlob | undefined {
    return this.#held.get(key);
  }

  /** In no particular order. */
  withPrefix(prefix: string): StagedBlob[] {
    return [...this.#held.values()].filter(({ key }) => key.startsWith(prefix));
  }

  /** Waits where too much is held already; throws what keeps it from being recorded. */
  async add(blob: StagedBlob): Promise<void> {
    while (this.#bytes > stagedBytes) {
      this.#makingRoom ??= this.#record([...this.#held.values()]).finally(() => {
        this.#makingRoom = undefined;
      });
      await this.#makingRoom;
    }
    if (this.#held.has(blob.key)) throw new Error(`put to a used key: ${blob.key}`);
    this.#held.set(blob.key, { ...blob, period: this.#period });
    this.#bytes += weight(blob);
    this.#timer ??= setInterval(() => this.#tick(), restMs).unref();
  }

  /** Forgets objects that are recorded now, or deleted. */
  settle(keys: readonly BlobKey[]): void {
    for (const key of keys) {
      const blob = this.#held.get(key);
      if (!blob) continue;
      this.#held.delete(key);
      this.#bytes -= weight(blob);
    }
  }

  /** Resolves when everything put before the call for this account, and `manifest`, is recorded. */
  recordAccount(account: AccountId, manifest: BlobKey): Promise<void> {
    if (this.#held.size === 0) return Promise.resolve();
    const prefix = accountPrefix(account);
    return this.#record(
      [...this.#held.values()].filter(({ key }) => key === manifest || key.startsWith(prefix)),
    );
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#record([...this.#held.values()]);
  }

  #tick(): void {
    const rested = [...this.#held.values()].filter(({ period }) => period < this.#period);
    this.#period++;
    // They stay here where it fails, and whoever needs them recorded learns of it.
    this.#record(rested).catch(() => {});
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** All requests are sent before the first answer: a deletion called later comes after them. */
  async #record(blobs: readonly StagedBlob[]): Promise<void> {
    const requests: Promise<void>[] = [];
    let group: StagedBlob[] = [];
    let bytes = 0;
    const sendGroup = (): void => {
      if (group.length === 0) return;
      requests.push(this.#store(group, bytes));
      group = [];
      bytes = 0;
    };
    for (const { key, size, bytes: content } of blobs) {
      group.push({ key, size, bytes: content });
      bytes += weight({ key, size, bytes: content });
      if (bytes >= requestBytes) sendGroup();
    }
    sendGroup();
    await Promise.all(requests);
  }

  async #store(blobs: readonly StagedBlob[], bytes: number): Promise<void> {
    await this.#writer.send('storeBlobs', blobs, bytes);
    this.settle(blobs.map(({ key }) => key));
  }
}

const weight = (blob: StagedBlob): number => (blob.bytes?.byteLength ?? 0) + objectBytes;
