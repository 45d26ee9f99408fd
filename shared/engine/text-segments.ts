import { type AccountId, type BlobKey, type EmailId, messageKey, objectKey } from '../ids.ts';
import { decodeRecord } from '../message/record-codec.ts';
import { bodyText } from '../message/search-text.ts';
import type { BlobStore } from '../ports/blob-store.ts';
import { NewerRules } from './apply.ts';
import { BinaryReader, BinaryWriter } from './binary.ts';
import type { EngineParts } from './engine.ts';
import { collect, ObjectGone } from './message-index.ts';
import { worked, yieldToSessions } from './pace.ts';
import { SignatureBuilder } from './text-signature.ts';

/** Where the signatures of settled messages' texts are: objects in order of arrival, without gaps. */
export interface TextRef {
  readonly key: BlobKey;
  /** Number of its first message. */
  readonly first: number;
  readonly count: number;
  readonly bytes: number;
}

/** The layout of these objects. */
const formatVersion = 1;

/** Of a message with more text than this, letters, nothing is noted: it is always looked through. */
const longestText = 1 << 20;
/** Letters that are decoded and looked at in the time that `worked` has for one value. */
const lettersAtOnce = 4;
/** Signatures that are taken up or written in one go, and what one of them takes, in the values that `worked` counts. */
const signaturesAtOnce = 256;
const signatureValues = 8;
/** Messages read together. */
const readTogether = 4;

/** Signatures by message; undefined where nothing is known of one. */
export class TextSegment {
  readonly #bytes: Uint8Array;
  readonly #first: number;
  /** Where each begins; the end is the start of the next. -1 below a start: nothing is known. */
  readonly #starts: Uint32Array;
  readonly #known: Uint8Array;

  private constructor(bytes: Uint8Array, first: number, starts: Uint32Array, known: Uint8Array) {
    this.#bytes = bytes;
    this.#first = first;
    this.#starts = starts;
    this.#known = known;
  }

  /** @throws NewerRules where a newer release wrote it. */
  static decode(bytes: Uint8Array, first: number): TextSegment {
    const source = new BinaryReader(bytes);
    if (source.byte() !== formatVersion) throw new NewerRules('signatures of texts');
    const lengths = source.list(() => source.varint());
    const starts = new Uint32Array(lengths.length + 1);
    const known = new Uint8Array(lengths.length);
    let at = bytes.length - source.left;
    for (const [i, length] of lengths.entries()) {
      starts[i] = at;
      if (length === 0) continue;
      known[i] = 1;
      at += length - 1;
    }
    starts[lengths.length] = at;
    return new TextSegment(bytes, first, starts, known);
  }

  signature(no: number): Uint8Array | undefined {
    const i = no - this.#first;
    if (this.#known[i] !== 1) return undefined;
    return this.#bytes.subarray(this.#starts[i], this.#starts[i + 1]);
  }
}

/** In steps: some ten thousand of them make an object. */
async function encodeSignatures(signatures: readonly (Uint8Array | undefined)[]): Promise<Uint8Array> {
  const bytes = signatures.reduce((sum, signature) => sum + (signature?.length ?? 0), 0);
  const out = new BinaryWriter(bytes + signatures.length * 3 + 16);
  out.byte(formatVersion);
  out.list(signatures, (signature) => out.varint(signature === undefined ? 0 : signature.length + 1));
  for (let from = 0; from < signatures.length; from += signaturesAtOnce) {
    const some = signatures.slice(from, from + signaturesAtOnce);
    await worked(some.length * signatureValues);
    for (const signature of some) if (signature !== undefined) out.raw(signature);
  }
  return out.take();
}

/** What a signature is made from. */
export interface TextSource {
  readonly emailId: EmailId;
  readonly record: Uint8Array;
}

type Parts = Pick<EngineParts, 'blobs' | 'entropy' | 'giveUp'>;

/**
 * Adds the signatures of messages that are settled now; `joined` of the last objects become one with them. Texts are read and
 * decoded once, here, while nobody waits. One that cannot be read is passed over: it is looked through by every search.
 */
export async function settleTexts(
  account: AccountId,
  settled: readonly TextRef[],
  messages: readonly (TextSource | undefined)[],
  joinedOf: (refs: readonly TextRef[], bytes: number) => number,
  { blobs, entropy, giveUp }: Parts,
): Promise<readonly TextRef[]> {
  if (messages.length === 0) return settled;
  const builder = new SignatureBuilder();
  const young: (Uint8Array | undefined)[] = [];
  let bytes = 0;
  for (let from = 0; from < messages.length; from += readTogether) {
    const some = messages.slice(from, from + readTogether);
    const bodies = await Promise.all(some.map((message) => open(account, message, blobs)));
    for (const [i, message] of some.entries()) {
      const signature = await signatureOf(message, bodies[i], builder);
      young.push(signature);
      bytes += signature?.length ?? 0;
      await yieldToSessions(giveUp);
    }
  }
  const last = settled.at(-1);
  const after = last === undefined ? 1 : last.first + last.count;
  const joined = joinedOf(settled, bytes);
  const kept = settled.slice(0, settled.length - joined);
  const older: (Uint8Array | undefined)[] = [];
  for (const ref of settled.slice(kept.length)) {
    const segment = TextSegment.decode(await readTexts(blobs, ref), ref.first);
    for (let i = 0; i < ref.count; i++) {
      if (i % signaturesAtOnce === 0) await worked(signaturesAtOnce * signatureValues);
      older.push(segment.signature(ref.first + i));
    }
    await yieldToSessions(giveUp);
  }
  const object = await encodeSignatures([...older, ...young]);
  const key = objectKey(account, 't', entropy);
  await blobs.put(key, object);
  const count = older.length + young.length;
  return [...kept, { key, first: after - older.length, count, bytes: object.length }];
}

export async function readTexts(blobs: BlobStore, { key }: TextRef): Promise<Uint8Array> {
  const blob = await blobs.get(key);
  if (blob === undefined) throw new ObjectGone(key);
  return collect(blob.body);
}

type Body = Uint8Array | AsyncIterable<Uint8Array>;

async function open(
  account: AccountId,
  message: TextSource | undefined,
  blobs: BlobStore,
): Promise<Body | undefined> {
  if (message === undefined) return undefined;
  try {
    return (await blobs.get(messageKey(account, message.emailId)))?.body;
  } catch {
    return undefined;
  }
}

async function signatureOf(
  message: TextSource | undefined,
  body: Body | undefined,
  builder: SignatureBuilder,
): Promise<Uint8Array | undefined> {
  if (message === undefined || body === undefined) return undefined;
  try {
    for await (const text of bodyText(decodeRecord(message.record), body)) {
      builder.push(text);
      await worked(text.length / lettersAtOnce);
      if (builder.length > longestText) break;
    }
  } catch {
    builder.take();
    return undefined;
  }
  const long = builder.length > longestText;
  const signature = builder.take();
  return long ? undefined : signature;
}
