import type { Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  type StorageClass,
} from '@aws-sdk/client-s3';
import type { BlobKey } from '../../ids.ts';
import type { Blob, BlobStore, ByteRange } from '../../ports/blob-store.ts';
import { lazily, wholeChecksum } from './blob-body.ts';
import { bucketLimits, Calls } from './calls.ts';
import { isNamed, ServiceFailure } from './failure.ts';
import { gathered, multipartBytes, resumed, slices } from './gathered.ts';
import { HeldBytes } from './held-bytes.ts';
import { MultipartUpload, type UploadTarget } from './multipart.ts';
import { storageClassFor } from './storage-class.ts';

/** The most that is answered in one piece. */
const pieceBytes = 128 * 1024;
const pageKeys = 1_000;
const deletedAtOnce = 1_000;
const deleteAttempts = 5;
/** Of all bodies on their way to the bucket. */
const defaultHeldBytes = 256 * 1024 * 1024;

export interface AwsBlobStoreOptions {
  /** Must not repeat requests by itself (`maxAttempts: 1`). */
  readonly client: Pick<S3Client, 'send'>;
  readonly bucket: string;
  readonly calls?: Calls;
  /** Objects from 128 KB on go to Intelligent-Tiering, which not every server that speaks S3 knows. */
  readonly tiering?: boolean;
  /** What bodies on their way to the bucket may keep in memory together, bytes; puts beyond it throw TooManyUploads. */
  readonly heldBytes?: number;
}

/**
 * Objects in a bucket, under their own keys and without metadata. Durable when `put` answers. The SDK sends a CRC-32 with
 * all that is put, which the service compares; what is read whole is compared here. Throws ServiceFailure where the bucket
 * cannot be asked.
 */
export class AwsBlobStore implements BlobStore {
  readonly #client: Pick<S3Client, 'send'>;
  readonly #bucket: string;
  readonly #calls: Calls;
  readonly #tiering: boolean;
  readonly #held: HeldBytes;

  constructor(options: AwsBlobStoreOptions) {
    const { client, bucket, calls = new Calls(bucketLimits), tiering = true } = options;
    this.#client = client;
    this.#bucket = bucket;
    this.#calls = calls;
    this.#tiering = tiering;
    this.#held = new HeldBytes(options.heldBytes ?? defaultHeldBytes);
  }

  async put(key: BlobKey, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<number> {
    if (!(body instanceof Uint8Array)) return await this.#putStream(key, body);
    if (body.byteLength <= multipartBytes) return await this.#putWhole(key, body);
    return await this.#putParts(key, slices(body));
  }

  async #putWhole(key: BlobKey, body: Uint8Array): Promise<number> {
    const size = body.byteLength;
    await this.#calls.repeat('put an object', (abortSignal) =>
      this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          Body: body,
          ContentLength: size,
          ChecksumAlgorithm: 'CRC32',
          StorageClass: this.#storageClass(size),
        }),
        { abortSignal },
      ),
    );
    return size;
  }

  /** Until it is known whether the object needs parts, its beginning is kept. */
  async #putStream(key: BlobKey, body: AsyncIterable<Uint8Array>): Promise<number> {
    using share = this.#held.share();
    const parts = gathered(body, share);
    const first = await parts.next();
    if (first.done) return await this.#putWhole(key, new Uint8Array());
    try {
      const second = await parts.next();
      if (second.done) return await this.#putWhole(key, first.value);
      return await this.#putParts(key, resumed([first.value, second.value], parts));
    } finally {
      await parts.return(undefined);
    }
  }

  async #putParts(key: BlobKey, parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
    const upload = await MultipartUpload.begin(this.#target(key));
    try {
      for await (const part of parts) await upload.add(part);
      return await upload.complete();
    } catch (cause) {
      await upload.abort();
      throw cause;
    }
  }

  #target(key: BlobKey): UploadTarget {
    return {
      client: this.#client,
      calls: this.#calls,
      bucket: this.#bucket,
      key,
      storageClass: this.#storageClass(multipartBytes),
    };
  }

  #storageClass(size: number): StorageClass | undefined {
    return this.#tiering ? storageClassFor(size) : undefined;
  }

  async get(key: BlobKey, range?: ByteRange): Promise<Blob | undefined> {
    if (range !== undefined && range.end <= range.start) return await this.#emptyPart(key);
    let answer: GetObjectCommandOutput;
    let piece: Uint8Array | undefined;
    try {
      [answer, piece] = await this.#calls.repeat(
        'get an object',
        async (abortSignal) => {
          const got = await this.#client.send(this.#getCommand(key, range), { abortSignal });
          const small = (got.ContentLength ?? 0) <= pieceBytes;
          return [got, small ? await got.Body?.transformToByteArray() : undefined] as const;
        },
        (cause) => isNamed(cause, 'NoSuchKey') || isNamed(cause, 'InvalidRange'),
      );
    } catch (cause) {
      if (isNamed(cause, 'NoSuchKey')) return undefined;
      if (isNamed(cause, 'InvalidRange')) return await this.#emptyPart(key);
      throw cause;
    }
    const length = answer.ContentLength ?? 0;
    const size = range === undefined ? length : totalSize(answer);
    if (piece !== undefined) return { size, body: piece };
    const offset = range?.start ?? 0;
    const source = {
      length,
      checksum: length === size ? wholeChecksum(answer.ChecksumCRC32) : undefined,
      open: (at: number) => this.#openAgain(key, { start: offset + at, end: offset + length }),
      pause: (attempt: number) => this.#calls.pause(attempt),
    };
    return { size, body: lazily(source, answer.Body as unknown as Readable) };
  }

  async #openAgain(key: BlobKey, range: ByteRange): Promise<Readable> {
    const answer = await this.#calls.repeat('get the rest of an object', (abortSignal) =>
      this.#client.send(this.#getCommand(key, range), { abortSignal }),
    );
    totalSize(answer);
    return answer.Body as unknown as Readable;
  }

  #getCommand(key: BlobKey, range: ByteRange | undefined): GetObjectCommand {
    return new GetObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      ...(range && { Range: `bytes=${range.start}-${range.end - 1}` }),
      ...(!range && { ChecksumMode: 'ENABLED' as const }),
    });
  }

  /** HTTP has no way to ask for no bytes: only the size is looked up. */
  async #emptyPart(key: BlobKey): Promise<Blob | undefined> {
    const isMissing = (cause: unknown): boolean => isNamed(cause, 'NotFound') || isNamed(cause, 'NoSuchKey');
    const command = new HeadObjectCommand({ Bucket: this.#bucket, Key: key });
    try {
      const answer = await this.#calls.repeat(
        'look at an object',
        (abortSignal) => this.#client.send(command, { abortSignal }),
        isMissing,
      );
      return { size: answer.ContentLength ?? 0, body: new Uint8Array() };
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw cause;
    }
  }

  async delete(keys: readonly BlobKey[]): Promise<void> {
    for (let at = 0; at < keys.length; at += deletedAtOnce) {
      let left: readonly string[] = keys.slice(at, at + deletedAtOnce);
      for (let attempt = 1; left.length > 0; attempt++) {
        left = await this.#deleteSome(left, attempt === deleteAttempts);
        if (left.length > 0) await this.#calls.pause(attempt);
      }
    }
  }

  /** Answers which keys the service could not delete just now; throws for those it will not, and at the last attempt. */
  async #deleteSome(keys: readonly string[], last: boolean): Promise<readonly string[]> {
    const command = new DeleteObjectsCommand({
      Bucket: this.#bucket,
      Delete: { Objects: keys.map((Key) => ({ Key })), Quiet: true },
    });
    const answer = await this.#calls.repeat('delete objects', (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    const errors = (answer.Errors ?? []).filter(({ Code }) => Code !== 'NoSuchKey');
    const fatal = errors.find(({ Code }) => last || !passing.has(String(Code)));
    if (fatal) {
      const kind = passing.has(String(fatal.Code)) ? 'throttled' : 'refused';
      throw new ServiceFailure(kind, `delete ${fatal.Key}`, new Error(`${fatal.Code}: ${fatal.Message}`));
    }
    return errors.map(({ Key }) => String(Key));
  }

  async list(prefix: string, after?: BlobKey): Promise<{ key: BlobKey; size: number }[]> {
    const command = new ListObjectsV2Command({
      Bucket: this.#bucket,
      Prefix: prefix,
      MaxKeys: pageKeys,
      ...(after !== undefined && { StartAfter: after }),
    });
    const answer = await this.#calls.repeat('list objects', (abortSignal) =>
      this.#client.send(command, { abortSignal }),
    );
    return (answer.Contents ?? []).map(({ Key, Size }) => ({ key: Key as BlobKey, size: Size ?? 0 }));
  }
}

/** Errors of single keys that go by. */
const passing = new Set(['InternalError', 'SlowDown', 'ServiceUnavailable', 'RequestTimeout']);

/** The size of the whole object, from the answer to a request for a part. */
function totalSize({ ContentRange }: GetObjectCommandOutput): number {
  const total = /\/(\d+)$/.exec(ContentRange ?? '')?.[1];
  if (total === undefined) throw new Error('the store answered a range with something else');
  return Number(total);
}
