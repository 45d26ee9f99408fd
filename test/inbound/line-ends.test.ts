import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCrLf } from '../../services/inbound/line-ends.ts';

async function through(...texts: readonly string[]): Promise<readonly string[]> {
  async function* chunks() {
    for (const text of texts) yield Buffer.from(text, 'latin1');
  }
  const out: string[] = [];
  for await (const chunk of withCrLf(chunks())) out.push(Buffer.from(chunk).toString('latin1'));
  return out;
}

test('a bare LF becomes CRLF, also at the edges of chunks, and other line ends stay', async () => {
  assert.deepEqual(await through('\na\r\nb\n\nc\r', '\nd', '\n', '\r\r\n', '\xe4\n'), [
    '\r\na\r\nb\r\n\r\nc\r',
    '\nd',
    '\r\n',
    '\r\r\n',
    '\xe4\r\n',
  ]);
});

test('however many bare LFs there are, as many chunks go out as come in', async () => {
  const out = await through('\n'.repeat(64 * 1024), 'x\n'.repeat(32 * 1024));
  assert.deepEqual(
    out.map((chunk) => chunk.length),
    [128 * 1024, 96 * 1024],
  );
});
