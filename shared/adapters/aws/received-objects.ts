import { crc32 } from 'node:zlib';
import { CopyObjectCommand, type CopyObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import type { BlobKey } from '../../ids.ts';
import { AwsBlobStore } from './blob-store.ts';
import { bucketLimits, Calls } from './calls.ts';
import { isNamed } from './failure.ts';
import { storageClassFor } from './storage-class.ts';

export interface ReceivedObjectsOptions {
  /** Must not repeat requests by itself (`maxAttempts: 1`). */
  readonly client: Pick<S3Client, 'send'>;
  /** Where objects come in. */
  readonly from: string;
  /** Where they are to stay. */
  readonly to: string;
  readonly calls?: Calls;
  /** As AwsBlobStore has it. */
  readonly tiering?: boolean;
}

/** An object that another service put. */
export interface ReceivedObject {
  /** Bytes. */
  readonly size: number;
  /** Its bytes at the reader's pace; to be read to the end once, before any copy is made. */
  readonly body: AsyncIterable<Uint8Array>;
  /** A copy under a key of ours: made by the service itself, one request whatever the size, no bytes through this process. */
  copyTo(key: BlobKey): Promise<void>;
}

/** Objects of another bucket, to be read and taken over. Throws ServiceFailure where a bucket cannot be asked. */
export class ReceivedObjects {
  readonly #options: ReceivedObjectsOptions;
  readonly #source: AwsBlobStore;
  readonly #calls: Calls;

  constructor(options: ReceivedObjectsOptions) {
    const { client, from, calls = new Calls(bucketLimits) } = options;
    this.#options = options;
    this.#calls = calls;
    this.#source = new AwsBlobStore({ client, bucket: from, calls });
  }

  /** Undefined where there is no such object. */
  async open(key: string): Promise<ReceivedObject | undefined> {
    const blob = await this.#source.get(key as BlobKey);
    if (blob === undefined) return undefined;
    const read = { bytes: 0, sum: 0 };
    async function* counted(): AsyncGenerator<Uint8Array> {
      const chunks = blob!.body instanceof Uint8Array ? [blob!.body] : blob!.body;
      for await (const chunk of chunks) {
        read.bytes += chunk.byteLength;
        read.sum = crc32(chunk, read.sum);
        yield chunk;
      }
    }
    return {
      size: blob.size,
      body: counted(),
      copyTo: async (to) => {
        if (read.bytes !== blob.size) throw new Error('the object is copied before it was read');
        const copied = await this.#copy(key, to, blob.size);
        // What is kept is what was read; servers other than S3 may tell no checksum.
        const told = copied?.CopyObjectResult?.ChecksumCRC32;
        if (told !== undefined && Buffer.from(told, 'base64').readUInt32BE() !== read.sum)
          throw new Error('the copy differs from what was read');
      },
    };
  }

  async #copy(key: string, to: BlobKey, size: number): Promise<CopyObjectCommandOutput | undefined> {
    const { client, from, to: bucket, tiering = true } = this.#options;
    const command = new CopyObjectCommand({
      Bucket: bucket,
      Key: to,
      CopySource: `${from}/${key.split('/').map(encodeURIComponent).join('/')}`,
      // Bytes only: what the other service said of them stays behind, and no permission to read its tags is needed.
      MetadataDirective: 'REPLACE',
      TaggingDirective: 'REPLACE',
      ChecksumAlgorithm: 'CRC32',
      StorageClass: tiering ? storageClassFor(size) : undefined,
    });
    try {
      return await this.#calls.repeat(
        'copy an object',
        (abortSignal) => client.send(command, { abortSignal }),
        (cause) => isNamed(cause, 'NoSuchKey'),
      );
    } catch (cause) {
      if (isNamed(cause, 'NoSuchKey')) throw new Error('the object went before it was copied', { cause });
      throw cause;
    }
  }
}
