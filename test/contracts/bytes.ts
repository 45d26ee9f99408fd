import type { Blob } from '../../shared/ports/blob-store.ts';

/** Plain bytes, so that deep equality compares contents and not the kind of array. */
export const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content);

/** All bytes of a body, in one piece. */
export async function gather(body: Blob['body']): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return bytesOf(body);
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return bytesOf(Buffer.concat(chunks));
}

/** The text of a blob; undefined where there is none. */
export const contentOf = async (blob: Blob | undefined): Promise<string | undefined> =>
  blob && Buffer.from(await gather(blob.body)).toString();
