import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedHeader } from '../../shared/message/change-header.ts';

async function changed(chunks: Iterable<string>): Promise<string> {
  async function* bytes() {
    for (const chunk of chunks) yield Buffer.from(chunk, 'latin1');
  }
  const out: Uint8Array[] = [];
  for await (const chunk of changedHeader(bytes(), (block) => Buffer.from(`<${Buffer.from(block)}>`)))
    out.push(Buffer.from(chunk));
  return Buffer.concat(out).toString('latin1');
}

test('the header block is changed and the body is not, however the message is cut', async () => {
  for (const [message, expected] of [
    ['A: b\r\nC: d\r\n\r\nbody\r\n\r\n', '<A: b\r\nC: d\r\n>\r\nbody\r\n\r\n'],
    ['\r\nbody\r\n\r\n', '<>\r\nbody\r\n\r\n'],
    ['A: b\r\n', '<A: b\r\n>'],
    ['', '<>'],
  ] as const) {
    assert.equal(await changed([message]), expected);
    assert.equal(await changed(message), expected);
    for (let at = 0; at < message.length; at++)
      assert.equal(await changed([message.slice(0, at), message.slice(at)]), expected);
  }
});

test('a header that comes octet by octet is copied and looked through a few times at the most', async (t) => {
  const field = `X: ${'x'.repeat(20_000)}\r\n`;
  let copied = 0;
  let searched = 0;
  const { set, indexOf } = Buffer.prototype;
  t.mock.method(Buffer.prototype, 'set', function (this: Buffer, from: Uint8Array, at?: number) {
    copied += from.length;
    set.call(this, from, at);
  });
  const look = (bytes: Buffer, value: Buffer, from = 0) => {
    searched += bytes.length - from;
    return indexOf.call(bytes, value, from);
  };
  t.mock.method(Buffer.prototype, 'indexOf', function (this: Buffer, value: Buffer, from?: number) {
    return look(this, value, from);
  });
  const { concat } = Buffer;
  t.mock.method(Buffer, 'concat', (list: readonly Uint8Array[], size?: number) => {
    copied += list.reduce((sum, one) => sum + one.length, 0);
    return concat(list, size);
  });
  assert.equal(await changed([...field, '\r\n']), `<${field}>\r\n`);
  assert.ok(copied < 8 * field.length, `${copied} octets copied`);
  assert.ok(searched < 8 * field.length, `${searched} octets looked through`);
});
