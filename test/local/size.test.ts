import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSize, printSize } from '../../services/local/size.ts';

for (const [text, bytes] of [
  ['0', 0],
  ['1048576', 1_048_576],
  ['5GB', 5_000_000_000],
  ['5 gb', 5_000_000_000],
  ['5g', 5_000_000_000],
  ['1.5GiB', 1_610_612_736],
  ['500MB', 500_000_000],
  ['64KiB', 65_536],
  ['10 B', 10],
] as const)
  test(`${text} is ${bytes} bytes`, () => assert.deepEqual(parseSize(text), { ok: true, value: bytes }));

for (const text of ['', 'GB', '5XB', '-1', '1e9', '5,5GB', '99999999PB', '5 G B'])
  test(`"${text}" is no size`, () => assert.equal(parseSize(text).ok, false));

for (const [bytes, text] of [
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1 KB'],
  [25_432, '25.4 KB'],
  [999_999, '1 MB'],
  [5_000_000_000, '5 GB'],
] as const)
  test(`${bytes} bytes are printed as ${text}`, () => assert.equal(printSize(bytes), text));

test('what is printed is a size again, within half a percent', () => {
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      const again = parseSize(printSize(bytes));
      assert.ok(again.ok || bytes > 9e15);
      if (again.ok) assert.ok(Math.abs(again.value - bytes) <= bytes / 200);
    }),
  );
});
