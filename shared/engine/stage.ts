import { type AccountId, type BlobKey, type EmailId, type Entropy, messageKey, newEmailId } from '../ids.ts';
import { MessageParser, parseMessage } from '../message/parser.ts';
import { encodeRecord } from '../message/record-codec.ts';
import type { MessageRecord } from '../message/structure.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import { err, ok, type Result } from '../result.ts';
import { type MailError, unavailable } from './mail-error.ts';

/** A message whose bytes are in the blob store under a fresh key, ready to be named by an append. Without one it is an orphan. */
export interface StagedMessage {
  readonly account: AccountId;
  readonly emailId: EmailId;
  /** Bytes. */
  readonly size: number;
  readonly record: Uint8Array;
  /** Seconds since 1970. */
  readonly stagedAt: number;
}

/** Messages arrive in at most this many bytes where the operator says nothing else. */
export const defaultMessageLimit = 64 * 1024 * 1024;

class TooLarge extends Error {}

/** What staging needs; a part of what every engine has. */
export interface Stager {
  readonly blobs: BlobStore;
  readonly entropy: Entropy;
  /** See `EngineParts`. */
  readonly recordCodec: 'raw' | 'zstd';
}

/**
 * Streams a message to the blob store and through the parser at once: parsed here, and never again. What the body throws
 * (a connection that broke) is thrown on, and nothing is stored.
 */
export async function stageMessage(
  { blobs, entropy, recordCodec }: Stager,
  account: AccountId,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  limit = defaultMessageLimit,
): Promise<Result<StagedMessage, MailError>> {
  const emailId = newEmailId(entropy);
  let failure: { readonly cause: unknown } | undefined;
  let record: MessageRecord | undefined;
  async function* parsed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const parser = new MessageParser();
    let size = 0;
    try {
      for await (const chunk of chunks) {
        size += chunk.length;
        if (size > limit) throw new TooLarge();
        parser.push(chunk);
        yield chunk;
      }
      record = parser.end();
    } catch (cause) {
      failure = { cause };
      throw cause;
    }
  }
  try {
    if (body instanceof Uint8Array) {
      if (body.length > limit) return err({ kind: 'tooLarge', limit });
      record = parseMessage(body);
      await blobs.put(messageKey(account, emailId), body);
    } else await blobs.put(messageKey(account, emailId), parsed(body));
  } catch (cause) {
    if (cause instanceof TooLarge) return err({ kind: 'tooLarge', limit });
    // The sender's stream broke: its own fault, not the store's.
    if (failure !== undefined) throw failure.cause;
    return err(unavailable(cause));
  }
  // A store that says it has the message has read it to its end.
  if (record === undefined) throw new Error('a message was put that was not read');
  const stagedAt = Math.floor(entropy.now() / 1000);
  const encoded = encodeRecord(record, recordCodec);
  return ok({ account, emailId, size: record.size, record: encoded, stagedAt });
}

/** A message whose bytes lie elsewhere: what was learned by reading them once. */
export interface ReadMessage {
  /** Bytes. */
  readonly size: number;
  readonly record: Uint8Array;
}

/** Reads a message through the parser in bounded memory and keeps nothing of its bytes. Throws what the body throws. */
export async function readMessage(
  body: AsyncIterable<Uint8Array>,
  limit = defaultMessageLimit,
): Promise<Result<ReadMessage, MailError>> {
  const parser = new MessageParser();
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) return err({ kind: 'tooLarge', limit });
    parser.push(chunk);
  }
  const record = parser.end();
  return ok({ size: record.size, record: encodeRecord(record) });
}

/** Stages a message that was read already: `copy` brings its bytes to the key without their passing through here. */
export async function stageRead(
  entropy: Entropy,
  account: AccountId,
  { size, record }: ReadMessage,
  copy: (key: BlobKey) => Promise<void>,
): Promise<Result<StagedMessage, MailError>> {
  const emailId = newEmailId(entropy);
  // From before the copy: what an append names was put after this.
  const stagedAt = Math.floor(entropy.now() / 1000);
  try {
    await copy(messageKey(account, emailId));
  } catch (cause) {
    return err(unavailable(cause));
  }
  return ok({ account, emailId, size, record, stagedAt });
}

/** The same message for another account, with a blob of its own: accounts share nothing. */
export async function stageCopy(
  { blobs, entropy }: Pick<Stager, 'blobs' | 'entropy'>,
  from: StagedMessage,
  account: AccountId,
): Promise<Result<StagedMessage, MailError>> {
  const emailId = newEmailId(entropy);
  try {
    const blob = await blobs.get(messageKey(from.account, from.emailId));
    if (blob === undefined) return err(unavailable('the message that was to be copied is gone'));
    await blobs.put(messageKey(account, emailId), blob.body);
  } catch (cause) {
    return err(unavailable(cause));
  }
  return ok({ ...from, account, emailId });
}

/** The octets of a staged message, in chunks, from `start` on. */
export async function* readStaged(
  { blobs }: Pick<Stager, 'blobs'>,
  { account, emailId, size }: StagedMessage,
  start = 0,
): AsyncGenerator<Uint8Array> {
  const blob = await blobs.get(messageKey(account, emailId), { start, end: size });
  if (blob === undefined) throw new Error('a staged message is gone');
  if (blob.body instanceof Uint8Array) yield blob.body;
  else yield* blob.body;
}
