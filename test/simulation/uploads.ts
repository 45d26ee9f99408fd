import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { BlobKey } from '../../shared/ids.ts';
import type { ObjectStore } from './object-store.ts';

/** Objects that come to a bucket in parts: there once they are complete. */
export class Uploads {
  readonly #objects: ObjectStore;
  /** By upload, in their order. */
  readonly #parts = new Map<string, Uint8Array[]>();
  #begun = 0;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  /** What a command does; undefined for those that are about something else. */
  effect(command: unknown): (() => unknown) | undefined {
    if (command instanceof CreateMultipartUploadCommand) return () => ({ UploadId: this.#begin() });
    if (command instanceof UploadPartCommand) {
      const { UploadId: id = '', PartNumber: number = 0, Body: body } = command.input;
      const bytes = Uint8Array.from(body as Uint8Array);
      return () => {
        this.#of(id)[number - 1] = bytes;
        return {};
      };
    }
    if (command instanceof CompleteMultipartUploadCommand) {
      const { UploadId: id = '', Key: key } = command.input;
      return () => {
        this.#objects.put(key as BlobKey, Buffer.concat(this.#of(id)));
        this.#parts.delete(id);
        return {};
      };
    }
    if (command instanceof AbortMultipartUploadCommand)
      return () => this.#parts.delete(command.input.UploadId ?? '');
    return undefined;
  }

  #begin(): string {
    const id = `upload ${++this.#begun}`;
    this.#parts.set(id, []);
    return id;
  }

  #of(id: string): Uint8Array[] {
    const parts = this.#parts.get(id);
    if (parts === undefined) throw Object.assign(new Error(id), { name: 'NoSuchUpload' });
    return parts;
  }
}
