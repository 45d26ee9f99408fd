import { createHash } from 'node:crypto';
import type { AccountId, LogPosition } from '../../ids.ts';
import type { NewsChannel, NewsParts } from './notifier.ts';
import type { ValkeyClient } from './valkey.ts';

/** Channels are few and shared: accounts are hashed to them, so that a task subscribes to some hundreds at most. */
const channels = 256;
const againMs = 5_000;

/**
 * News over Valkey's (or Redis's) sharded publish and subscribe. A message is `account position`. Two connections: one that is subscribed
 * can send nothing.
 */
export class ValkeyChannel implements NewsChannel {
  readonly #sender: ValkeyClient;
  readonly #receiver: ValkeyClient;
  /** Accounts that are followed, by channel. */
  readonly #followed = new Map<string, number>();
  /** Those of the followed channels that the server has confirmed. */
  readonly #subscribed = new Set<string>();

  readonly #onMissed: NewsParts['onMissed'];

  constructor(connect: () => ValkeyClient, { onNews, onMissed }: NewsParts) {
    this.#onMissed = onMissed;
    this.#sender = connect();
    this.#receiver = connect();
    // It connects again by itself; meanwhile tails are polled.
    for (const connection of [this.#sender, this.#receiver]) connection.on('error', () => {});
    this.#receiver.on('smessage', (_channel: string, message: string) => {
      const [account = '', position = ''] = message.split(' ');
      if (/^\d{1,15}$/.test(position)) onNews(account as AccountId, Number(position) as LogPosition);
    });
    this.#receiver.on('close', () => this.#subscribed.clear());
    this.#receiver.on('ready', () => {
      for (const channel of this.#followed.keys()) void this.#subscribe(channel);
    });
  }

  get up(): boolean {
    return this.#sender.status === 'ready' && this.#subscribed.size === this.#followed.size;
  }

  send(account: AccountId, position: LogPosition): void {
    if (this.#sender.status !== 'ready') return;
    this.#sender.spublish(channelOf(account), `${account} ${position}`).catch(() => {});
  }

  follow(account: AccountId): void {
    const channel = channelOf(account);
    const count = this.#followed.get(channel) ?? 0;
    this.#followed.set(channel, count + 1);
    if (count === 0) void this.#subscribe(channel);
  }

  unfollow(account: AccountId): void {
    const channel = channelOf(account);
    const count = this.#followed.get(channel) ?? 0;
    if (count > 1) this.#followed.set(channel, count - 1);
    else if (this.#followed.delete(channel)) {
      this.#subscribed.delete(channel);
      this.#receiver.sunsubscribe(channel).catch(() => {});
    }
  }

  /** What is published before it is subscribed, for the first time or again, was missed. */
  async #subscribe(channel: string): Promise<void> {
    try {
      await this.#receiver.ssubscribe(channel);
      if (!this.#followed.has(channel)) return;
      this.#subscribed.add(channel);
      this.#onMissed((account) => channelOf(account) === channel);
    } catch {
      // Not connected: again when it is. Where one was refused or timed out, after a while.
      setTimeout(() => {
        const wanted = this.#followed.has(channel) && !this.#subscribed.has(channel);
        if (wanted && this.#receiver.status === 'ready') void this.#subscribe(channel);
      }, againMs).unref();
    }
  }

  async close(): Promise<void> {
    this.#sender.disconnect();
    this.#receiver.disconnect();
  }
}

/** The channel that news of an account travel by. */
export function channelOf(account: AccountId): string {
  const hash = createHash('sha256').update(account).digest().readUInt32BE(0);
  return `restante:{${hash % channels}}`;
}
