import type { MailError } from '../../shared/engine/mail-error.ts';
import { readStaged, type Stager, stageMessage } from '../../shared/engine/stage.ts';
import { messageKey, outboxAccount } from '../../shared/ids.ts';
import { ok, type Result } from '../../shared/result.ts';
import { wholeOrRest } from '../inbound/preceded.ts';

/** A message that has come to its end and waits for the relay: in memory where it is small, else in the store, where the sweep finds what a crash left. */
export interface HeldMessage {
  /** Its octets, each time from the start. */
  read(): AsyncIterable<Uint8Array>;
  release(): Promise<void>;
}

/** Takes a message in at its sender's pace, with `first` before it. Throws what the body throws, and holds nothing then. */
export async function holdMessage(
  parts: Stager,
  first: Uint8Array,
  body: AsyncIterable<Uint8Array>,
): Promise<Result<HeldMessage, MailError>> {
  const chunks = body[Symbol.asyncIterator]();
  try {
    const taken = await wholeOrRest(first, chunks, Number.MAX_SAFE_INTEGER);
    if (taken instanceof Uint8Array) return ok({ read: () => only(taken), release: async () => {} });
    // Nobody's mailbox may get it by a rebuild, which brings an account's own octets back.
    const staged = await stageMessage(parts, outboxAccount, taken, Number.MAX_SAFE_INTEGER);
    if (!staged.ok) return staged;
    const { account, emailId } = staged.value;
    return ok({
      read: () => readStaged(parts, staged.value),
      release: () => parts.blobs.delete([messageKey(account, emailId)]).catch(() => undefined),
    });
  } finally {
    await chunks.return?.();
  }
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
