import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { NewerRules } from '../../shared/engine/apply.ts';
import type { ClusterPart } from '../../shared/engine/segment.ts';
import { decodeManifest, encodeManifest, type Manifest } from '../../shared/engine/snapshot.ts';
import type { BlobKey, MailboxId } from '../../shared/ids.ts';

/** Of version 5, before there were copies: 1,200 messages in a segment with answers and one without. */
const version5 =
  'KLUv/WCkAl0RAAQdBQEDnu3diaI0ALEJB7CaqtgG5oLlBrAJAAYFSU5CT1gHQXJjaGl2ZQZEcmFmdHMESnVuawRTZW50BVRyYXNoAAACAAEFXFNlZW4B' +
  'PGVkMTkvMDFtOGdrZXducGV6bTUwNWFiMGM3ZHFyM2UvaXltNjRieTE0N2RiejRqY2o5Y27yDgYBAKuaqtgGsQkDAbAJ5wEAAAAAAQAA8g6wCQAAAghc' +
  'rJqq2AYBAQEAAwdcrQQFXK4FXK8GBlywALAJAmg1OTliOXR3eHdoc3NlMGdtAegH6AfE/yTE/CUdAAAk/G0jgHMj+WwjynIjkXck4XYjnnAkk3cjyGwi' +
  '7W4l+3Ykr3Mjl28i2XIj5nEjvXAlqnskwHAjnHIjmG0j3nEj93cksXQilm/eMQEFAADTAa2AAdQB9YAB1dQB9IABoWgJAAB+i2d0nWd+g2182meBAaFt' +
  'fbJqc4plgQG8b8sRNDc1MTdrcjd0eDgyemptZekHyAHIAYOOBYOnBQazVgB0NzlwcWIza3hrdHp0eTB3cgHoB+sHM24wcnJ4djYxNGd6NWNhY8sBAQKG' +
  '9Xg5MzZlZDl6bjFrNHIxbWg1aWtmczZmNTUzYWR5MDlkeXKG9d2JojQiIEACggSn2AMwxNAADuHVuMjwcHEUJAerRRpGfHl0Rt6zs121F65rWuQGhnjQ' +
  'SCPzFijQ/8ACI2vsysZYMEIqQyYCKz3FYIz9zGiRPLeV9EkU6jpDtIAwUQ==';

test('a manifest of version 5 is read, and written in the new one; one of the future is refused', async () => {
  const old = Buffer.from(version5, 'base64');
  assert.equal(zstdDecompressSync(old)[0], 5);
  const { messages, state, ...rest } = decodeManifest(old);
  assert.deepEqual(messages.clusters, []);
  assert.deepEqual(
    messages.segments.map(({ first, count, bytes, answers }) => [first, count, bytes, answers?.version]),
    [
      [1, 1000, 622148, 1],
      [1001, 200, 86915, undefined],
    ],
  );
  const written = await encodeManifest({ messages, state, ...rest });
  assert.equal(zstdDecompressSync(written)[0], 6);
  assert.deepEqual(decodeManifest(written).messages, messages);
  const future = zstdDecompressSync(written);
  future[0] = 7;
  assert.throws(() => decodeManifest(zstdCompressSync(future)), NewerRules);
});

test('where copies are comes back as it was', async () => {
  const manifest: Manifest = decodeManifest(Buffer.from(version5, 'base64'));
  const [first, second] = manifest.messages.segments;
  const copies = (segment: typeof first, from: number, to: number): ClusterPart => ({
    first: from,
    last: to,
    copies: { ...segment!, key: `x/y/h/${from}` as BlobKey },
  });
  const clusters = [
    {
      mailbox: 1 as MailboxId,
      uidNext: 77,
      unfinished: true,
      parts: [copies(first, 3, 900), copies(second, 901, 2 ** 31)],
    },
    { mailbox: 9 as MailboxId, uidNext: 1, unfinished: false, parts: [] },
  ];
  const written = await encodeManifest({ ...manifest, messages: { ...manifest.messages, clusters } });
  assert.deepEqual(decodeManifest(written).messages, { ...manifest.messages, clusters });
});
