import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { limitKey, parseNetworks, printAddress } from '../../shared/net/networks.ts';

for (const [network, address, inside] of [
  ['10.0.0.0/8', '10.200.3.4', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['10.0.0.0/8', '::ffff:10.0.0.1', true],
  ['::ffff:10.0.0.0/104', '10.1.2.3', true],
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.1', '127.0.0.2', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['2001:db8::/32', '2001:db8:1::5', true],
  ['2001:db8::/32', '2001:db9::5', false],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['10.0.0.0/8', 'not an address', false],
] as const)
  test(`${network} ${inside ? 'contains' : 'leaves out'} ${address}`, () => {
    const list = parseNetworks([network]);
    assert.ok(list.ok);
    assert.equal(list.value.contains(address), inside);
  });

for (const text of [
  '',
  '10.0.0.0/33',
  '10.0.0.0/8/8',
  '10.0.0.0/-1',
  '2001:db8::/129',
  'example.com',
  '10/8',
  '1',
])
  test(`"${text}" is not a network`, () => {
    assert.deepEqual(parseNetworks(['10.0.0.0/8', text]), { ok: false, error: text });
  });

test('networks never throw, whatever the text', () => {
  fc.assert(fc.property(fc.string(), (text) => void parseNetworks([text])));
  fc.assert(fc.property(fc.string(), (text) => void [limitKey(text), printAddress(text)]));
});

test('a limit counts an IPv4 address, or an IPv6 /64', () => {
  assert.equal(limitKey('192.0.2.1'), '192.0.2.1');
  assert.equal(limitKey('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(limitKey('2001:db8:1:2::1'), limitKey('2001:db8:1:2:ffff::9'));
  assert.notEqual(limitKey('2001:db8:1:2::1'), limitKey('2001:db8:1:3::1'));
});
