import { setImmediate } from 'node:timers/promises';

/** Work on a large mailbox lets other sessions in after this long, ms. */
const turnTime = 4;

/** One session's turn on the event loop: ask `isOver` every few hundred rows. */
export class Turn {
  #end = performance.now() + turnTime;

  get isOver(): boolean {
    return performance.now() > this.#end;
  }

  /** Lets everything else that is ready run. */
  async pass(): Promise<void> {
    await setImmediate();
    this.#end = performance.now() + turnTime;
  }
}
