import type { AccountId, LogPosition } from '../../ids.ts';
import type { NewsChannel } from './notifier.ts';
import type { ValkeyConnection } from './valkey.ts';
import { channelOf } from './valkey-channel.ts';

/** News that nobody has confirmed in this time are given up: who watches finds the change at its next look. */
const longestMs = 1_500;
/** After that nobody waits for Valkey for a while: work goes on and tells nobody. */
const restMs = 30_000;
/** News under way at once; what exceeds it is not sent. */
const mostUnderWay = 1_000;

/**
 * News over Valkey from a process that follows no account: a function, which is stopped as soon as it has answered. `flush` is for the moment
 * before.
 */
export class ValkeyPublisher implements NewsChannel {
  readonly up = true;
  readonly #connection: ValkeyConnection;
  readonly #underWay = new Set<Promise<void>>();
  /** Until when nothing is sent, ms. */
  #restsUntil = 0;

  constructor(connection: ValkeyConnection) {
    this.#connection = connection;
  }

  send(account: AccountId, position: LogPosition): void {
    if (Date.now() < this.#restsUntil || this.#underWay.size >= mostUnderWay) return;
    // One that was lost does not wait for the next attempt; one that is being made takes what it will send.
    const sent = this.#connection.current.spublish(channelOf(account), `${account} ${position}`).then(
      () => {},
      () => {},
    );
    this.#underWay.add(sent);
    void sent.then(() => this.#underWay.delete(sent));
  }

  follow(): void {}
  unfollow(): void {}

  /** When Valkey has what was sent, or a second and a half later. Never throws. */
  async flush(): Promise<void> {
    if (this.#underWay.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        this.#restsUntil = Date.now() + restMs;
        this.#underWay.clear();
        resolve();
      }, longestMs);
    });
    await Promise.race([late, Promise.all(this.#underWay)]);
    clearTimeout(timer);
  }

  close(): Promise<void> {
    return this.flush();
  }
}
