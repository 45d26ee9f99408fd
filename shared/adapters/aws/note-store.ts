import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { bucketLimits, Calls } from './calls.ts';
import { isNamed } from './failure.ts';

export interface NoteStoreOptions {
  /** Must not repeat requests by itself (`maxAttempts: 1`). */
  readonly client: Pick<S3Client, 'send'>;
  readonly bucket: string;
  readonly calls?: Calls;
}

/** Small objects that are written once and never changed. Throws ServiceFailure where the bucket cannot be asked. */
export class NoteStore {
  readonly #client: Pick<S3Client, 'send'>;
  readonly #bucket: string;
  readonly #calls: Calls;

  constructor({ client, bucket, calls = new Calls(bucketLimits) }: NoteStoreOptions) {
    this.#client = client;
    this.#bucket = bucket;
    this.#calls = calls;
  }

  /** What lies under the key afterwards: these bytes, or those that were there before. */
  async putOnce(key: string, bytes: Uint8Array): Promise<Uint8Array> {
    try {
      await this.#calls.repeat(
        'put a note',
        (abortSignal) =>
          this.#client.send(
            new PutObjectCommand({ Bucket: this.#bucket, Key: key, Body: bytes, IfNoneMatch: '*' }),
            { abortSignal },
          ),
        (cause) => isNamed(cause, 'PreconditionFailed'),
      );
      return bytes;
    } catch (cause) {
      if (!isNamed(cause, 'PreconditionFailed')) throw cause;
      return await this.get(key);
    }
  }

  async get(key: string): Promise<Uint8Array> {
    return await this.#calls.repeat('get a note', async (abortSignal) => {
      const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#bucket, Key: key }), {
        abortSignal,
      });
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    });
  }

  async delete(key: string): Promise<void> {
    await this.#calls.repeat('delete a note', (abortSignal) =>
      this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key: key }), { abortSignal }),
    );
  }
}
