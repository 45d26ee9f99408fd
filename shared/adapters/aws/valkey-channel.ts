import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import type { AccountId, LogPosition } from '../../ids.ts';
import type { NewsChannel } from './notifier.ts';

/** Channels are few and shared: accounts are hashed to them, so that a task subscribes to some hundreds at most. */
const channels = 256;

/**
 * News over Valkey's (or Redis's) sharded publish and subscribe. A message is `account position`. Two connections: one that is subscribed
 * can send nothing.
 */
export class ValkeyChannel implements NewsChannel {
  readonly #sender: Redis | Cluster;
  readonly #receiver: Redis | Cluster;
  /** Accounts that are followed, by channel. */
  readonly #followed = new Map<string, number>();

  constructor(connect: () => Redis | Cluster, onNews: (account: AccountId, position: LogPosition) => void) {
    this.#sender = connect();
    this.#receiver = connect();
    // It connects again by itself; meanwhile tails are polled.
    for (const connection of [this.#sender, this.#receiver]) connection.on('error', () => {});
    this.#receiver.on('smessage', (_channel: string, message: string) => {
      const [account = '', position = ''] = message.split(' ');
      if (/^\d{1,15}$/.test(position)) onNews(account as AccountId, Number(position) as LogPosition);
    });
  }

  get up(): boolean {
    return this.#sender.status === 'ready' && this.#receiver.status === 'ready';
  }

  send(account: AccountId, position: LogPosition): void {
    if (this.#sender.status !== 'ready') return;
    this.#sender.spublish(channelOf(account), `${account} ${position}`).catch(() => {});
  }

  follow(account: AccountId): void {
    const channel = channelOf(account);
    const count = this.#followed.get(channel) ?? 0;
    this.#followed.set(channel, count + 1);
    if (count === 0) this.#receiver.ssubscribe(channel).catch(() => {});
  }

  unfollow(account: AccountId): void {
    const channel = channelOf(account);
    const count = this.#followed.get(channel) ?? 0;
    if (count > 1) this.#followed.set(channel, count - 1);
    else if (this.#followed.delete(channel)) this.#receiver.sunsubscribe(channel).catch(() => {});
  }

  async close(): Promise<void> {
    this.#sender.disconnect();
    this.#receiver.disconnect();
  }
}

function channelOf(account: AccountId): string {
  const hash = createHash('sha256').update(account).digest().readUInt32BE(0);
  return `restante:{${hash % channels}}`;
}
