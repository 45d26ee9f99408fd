import { crc32 } from 'node:zlib';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  type S3Client,
  type StorageClass,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { BlobKey } from '../../ids.ts';
import { printChecksum } from './blob-body.ts';
import type { Calls } from './calls.ts';
import { isNamed } from './failure.ts';

export interface UploadTarget {
  readonly client: Pick<S3Client, 'send'>;
  readonly calls: Calls;
  readonly bucket: string;
  readonly key: BlobKey;
  readonly storageClass: StorageClass | undefined;
}

/**
 * An object in parts of at least 5 MB (but for the last), one after another. It exists once `complete` answers; end with
 * that or `abort`. A process that dies in between leaves parts, which the bucket's lifecycle rule clears.
 */
export class MultipartUpload {
  readonly #target: UploadTarget;
  readonly #uploadId: string;
  readonly #parts: CompletedPart[] = [];
  #size = 0;
  #sum = 0;

  private constructor(target: UploadTarget, uploadId: string) {
    this.#target = target;
    this.#uploadId = uploadId;
  }

  static async begin(target: UploadTarget): Promise<MultipartUpload> {
    const { client, calls, bucket, key, storageClass } = target;
    const command = new CreateMultipartUploadCommand({
      Bucket: bucket,
      Key: key,
      ChecksumAlgorithm: 'CRC32',
      ChecksumType: 'FULL_OBJECT',
      StorageClass: storageClass,
    });
    // A lost answer leaves an upload that nobody knows: as after a crash, it is the lifecycle rule's.
    const answer = await calls.repeat('begin an upload', (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    if (!answer.UploadId) throw new Error(`the upload of ${key} has no id`);
    return new MultipartUpload(target, answer.UploadId);
  }

  async add(bytes: Uint8Array): Promise<void> {
    const { client, calls } = this.#target;
    const number = this.#parts.length + 1;
    const answer = await calls.repeat('upload a part', (abortSignal) =>
      client.send(
        new UploadPartCommand({
          ...this.#place(),
          PartNumber: number,
          Body: bytes,
          ContentLength: bytes.byteLength,
          ChecksumAlgorithm: 'CRC32',
        }),
        { abortSignal },
      ),
    );
    this.#parts.push({
      PartNumber: number,
      ETag: answer.ETag,
      ChecksumCRC32: printChecksum(crc32(bytes)),
    });
    this.#size += bytes.byteLength;
    this.#sum = crc32(bytes, this.#sum);
  }

  async complete(): Promise<number> {
    const { client, calls } = this.#target;
    const command = new CompleteMultipartUploadCommand({
      ...this.#place(),
      MultipartUpload: { Parts: this.#parts },
      ChecksumCRC32: printChecksum(this.#sum),
      ChecksumType: 'FULL_OBJECT',
      MpuObjectSize: this.#size,
    });
    const isGone = (cause: unknown): boolean => isNamed(cause, 'NoSuchUpload');
    try {
      await calls.repeat(
        'complete an upload',
        (abortSignal) => client.send(command, { abortSignal }),
        isGone,
      );
    } catch (cause) {
      // An earlier attempt whose answer was lost completed it: then the object is there, and it can be no other's.
      if (!isGone(cause) || (await this.#storedSize()) !== this.#size) throw cause;
    }
    return this.#size;
  }

  /** Never fails: what cannot be aborted is left to the lifecycle rule. */
  async abort(): Promise<void> {
    const { client, calls } = this.#target;
    const command = new AbortMultipartUploadCommand(this.#place());
    await calls
      .repeat('abort an upload', (abortSignal) => client.send(command, { abortSignal }))
      .catch(() => {});
  }

  async #storedSize(): Promise<number | undefined> {
    const { client, calls, bucket, key } = this.#target;
    const command = new HeadObjectCommand({ Bucket: bucket, Key: key });
    const answer = await calls.repeat('look at an upload', (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    return answer.ContentLength;
  }

  #place(): { Bucket: string; Key: string; UploadId: string } {
    return { Bucket: this.#target.bucket, Key: this.#target.key, UploadId: this.#uploadId };
  }
}
