import { collect } from '../../shared/engine/message-index.ts';
import type { MessageReader } from '../../shared/engine/message-reader.ts';
import type { Drop } from './maildrop.ts';

/** Octets of the largest message that is read before it is asked for. */
const largest = 128 * 1024;

/**
 * Clients download one message after another: while one is on its way to the client, the next is read from the store, so that
 * nobody waits for both in turn. At most one message, of bounded size, is held for a session.
 */
export class BodyAhead {
  readonly #messages: Pick<MessageReader, 'body'>;
  #expected: Drop | undefined;
  #held: { readonly number: number; readonly body: Promise<Uint8Array> } | undefined;

  constructor(messages: Pick<MessageReader, 'body'>) {
    this.#messages = messages;
  }

  /** What will most likely be asked for next. */
  expect(drop: Drop | undefined): void {
    this.#expected = drop !== undefined && drop.size <= largest ? drop : undefined;
  }

  /** To be called where there is nothing to do until the client says something. */
  begin(): void {
    const drop = this.#expected;
    if (drop === undefined) return;
    this.#expected = undefined;
    const body = this.#messages.body(drop.message).then((blob) => collect(blob.body));
    // Whoever asks for it then reads it himself, and learns what is wrong.
    body.catch(() => undefined);
    this.#held = { number: drop.number, body };
  }

  /** The octets of a message where they were read, or are being read; what was read of another is dropped. */
  async take({ number }: Drop): Promise<Uint8Array | undefined> {
    const held = this.#held;
    this.#held = undefined;
    if (held?.number !== number) return undefined;
    return held.body.catch(() => undefined);
  }
}
