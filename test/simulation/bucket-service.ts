import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { BlobKey } from '../../shared/ids.ts';
import type { Line, Sender } from './network.ts';
import type { ObjectStore } from './object-store.ts';
import { Uploads } from './uploads.ts';

class S3Error extends Error {
  readonly $metadata: { readonly httpStatusCode: number };

  constructor(name: string, httpStatusCode: number) {
    super(name);
    this.name = name;
    this.$metadata = { httpStatusCode };
  }
}

/** Smaller pages than S3's thousand, so that there are several. */
const pageKeys = 20;

/** What the blobs' adapter asks of S3, over a simulated bucket. */
export class BucketService {
  readonly #objects: ObjectStore;
  readonly #uploads: Uploads;
  readonly #network: Line;
  readonly #node: Sender;

  constructor(objects: ObjectStore, network: Line, node: Sender) {
    this.#objects = objects;
    this.#uploads = new Uploads(objects);
    this.#network = network;
    this.#node = node;
  }

  /** For the adapter. */
  get client(): Pick<S3Client, 'send'> {
    const send = (command: unknown, options?: { abortSignal?: AbortSignal }) =>
      this.#network.request(this.#node, inWords(command), this.#effect(command), options?.abortSignal);
    return { send } as unknown as Pick<S3Client, 'send'>;
  }

  #effect(command: unknown): () => unknown {
    if (command instanceof PutObjectCommand) {
      const { Key: key, Body: body } = command.input;
      // As it is sent: the caller may use its buffer again.
      const bytes = Uint8Array.from(body as Uint8Array);
      return () => {
        this.#objects.put(key as BlobKey, bytes);
        return {};
      };
    }
    if (command instanceof GetObjectCommand) return () => this.#get(command.input.Key, command.input.Range);
    if (command instanceof HeadObjectCommand)
      return () => ({ ContentLength: this.#bytes(command.input.Key, 'NotFound').length });
    if (command instanceof ListObjectsV2Command) {
      const { Prefix: prefix = '', StartAfter: after, MaxKeys: most = pageKeys } = command.input;
      return () => ({
        Contents: this.#objects
          .list(prefix, after, Math.min(most, pageKeys))
          .map(({ key, size }) => ({ Key: key, Size: size })),
      });
    }
    if (command instanceof DeleteObjectsCommand) return () => this.#delete(command);
    const uploading = this.#uploads.effect(command);
    if (uploading !== undefined) return uploading;
    throw new Error(`the bucket knows no ${(command as object).constructor.name}`);
  }

  #bytes(key: string | undefined, missing: string): Uint8Array {
    const bytes = this.#objects.get(key as BlobKey);
    if (bytes === undefined) throw new S3Error(missing, 404);
    return bytes;
  }

  #get(key: string | undefined, asked: string | undefined): unknown {
    const whole = this.#bytes(key, 'NoSuchKey');
    const range = asked === undefined ? null : /^bytes=(\d+)-(\d+)$/.exec(asked);
    const start = Number(range?.[1] ?? 0);
    if (range !== null && start >= whole.length) throw new S3Error('InvalidRange', 416);
    const bytes = range === null ? whole : whole.slice(start, Number(range[2]) + 1);
    return {
      ContentLength: bytes.length,
      ...(range !== null && { ContentRange: `bytes ${start}-${start + bytes.length - 1}/${whole.length}` }),
      Body: { transformToByteArray: () => Promise.resolve(bytes) },
    };
  }

  #delete({ input }: DeleteObjectsCommand): unknown {
    const keys = (input.Delete?.Objects ?? []).map(({ Key: key }) => key as BlobKey);
    const { faults, random } = this.#network;
    const done = faults.happens('partialBatch') ? random.some(keys, 0.5) : keys;
    for (const key of done) this.#objects.delete(key);
    return { Errors: keys.filter((key) => !done.includes(key)).map((Key) => ({ Key, Code: 'SlowDown' })) };
  }
}

function inWords(command: unknown): string {
  const { Key: key, Prefix: prefix } = (command as { input: { Key?: string; Prefix?: string } }).input;
  return `${(command as object).constructor.name.replace('Command', '')} ${key ?? prefix ?? ''}`;
}
