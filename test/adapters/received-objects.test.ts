import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { type CopyObjectCommandInput, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';
import { ReceivedObjects } from '../../shared/adapters/aws/received-objects.ts';
import type { BlobKey } from '../../shared/ids.ts';

const bytes = Buffer.alloc(300_000, 'received ');

/** A bucket with one object, and what was asked of it. */
function bucket(checksum: number | undefined) {
  const asked: { readonly name: string; readonly input: CopyObjectCommandInput }[] = [];
  const send = async (command: { constructor: { name: string }; input: CopyObjectCommandInput }) => {
    asked.push({ name: command.constructor.name, input: command.input });
    if (command.constructor.name === 'CopyObjectCommand') {
      const told = Buffer.alloc(4);
      if (checksum !== undefined) told.writeUInt32BE(checksum);
      return { CopyObjectResult: checksum === undefined ? {} : { ChecksumCRC32: told.toString('base64') } };
    }
    if (command.input.Key === 'mail/gone') throw new NoSuchKey({ message: 'gone', $metadata: {} });
    return { ContentLength: bytes.length, Body: Readable.from([bytes]) };
  };
  const client = { send } as unknown as Pick<S3Client, 'send'>;
  return { asked, objects: new ReceivedObjects({ client, from: 'incoming', to: 'mail' }) };
}

const key = 'ab12/account/m/1' as BlobKey;

async function readThrough(body: AsyncIterable<Uint8Array>): Promise<number> {
  let size = 0;
  for await (const chunk of body) size += chunk.length;
  return size;
}

test('an object is one GET to read and one request for each copy, whatever its size', async () => {
  const { asked, objects } = bucket(crc32(bytes));
  const object = await objects.open('mail/a b/ü');
  assert.equal(await readThrough(object!.body), bytes.length);
  await object!.copyTo(key);
  await object!.copyTo(`${key}2` as BlobKey);
  assert.deepEqual(
    asked.map(({ name }) => name),
    ['GetObjectCommand', 'CopyObjectCommand', 'CopyObjectCommand'],
  );
  const { input } = asked[1]!;
  assert.equal(input.CopySource, 'incoming/mail/a%20b/%C3%BC');
  assert.equal(input.Bucket, 'mail');
  assert.equal(input.Key, key);
  // Nothing of the other service comes along, and large mail goes where it cools down.
  assert.equal(input.MetadataDirective, 'REPLACE');
  assert.equal(input.TaggingDirective, 'REPLACE');
  assert.equal(input.StorageClass, 'INTELLIGENT_TIERING');
});

test('a copy that is not what was read is no copy', async () => {
  const { objects } = bucket(crc32(bytes) ^ 1);
  const object = await objects.open('mail/x');
  await readThrough(object!.body);
  await assert.rejects(object!.copyTo(key), /differs/);
});

test('nothing is copied unread, and what is gone is undefined', async () => {
  const { asked, objects } = bucket(undefined);
  const object = await objects.open('mail/x');
  await assert.rejects(object!.copyTo(key), /before it was read/);
  assert.equal(await objects.open('mail/gone'), undefined);
  assert.ok(!asked.some(({ name }) => name === 'CopyObjectCommand'));
});
